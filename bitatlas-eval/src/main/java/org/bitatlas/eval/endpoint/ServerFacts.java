package org.bitatlas.eval.endpoint;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.databind.JsonNode;

/**
 * What a server says of itself.
 *
 * @param name who owns the model in its list, {@code vllm} for vLLM and vLLM-Ascend; {@code
 *     unknown}
 * @param version its version; {@code unknown} where it does not tell
 * @param model id of the model that is asked
 * @param contextLength most tokens of prompt and reply together, where it tells
 */
public record ServerFacts(String name, String version, String model, OptionalInt contextLength) {

  /**
   * Asks the server for its models and its version.
   *
   * @param wanted id of a model; may be empty where the server has one only
   * @throws BitAtlasException when it does not serve that model, or several and none is wanted
   */
  static ServerFacts ask(EndpointClient client, Optional<String> wanted) {
    List<JsonNode> models = new ArrayList<>();
    client.get("/v1/models").path("data").forEach(models::add);
    List<String> ids = models.stream().map(model -> model.path("id").stringValue("")).toList();
    if (ids.isEmpty()) {
      throw new BitAtlasException(
          "The server at %s lists no model at /v1/models; is it an OpenAI-compatible server?"
              .formatted(client.settings().address()));
    }
    if (wanted.isEmpty() && ids.size() > 1) {
      throw new BitAtlasException(
          "The server at %s has several models; name one of: %s."
              .formatted(client.settings().address(), client.tidy(String.join(", ", ids))));
    }
    int place = wanted.map(ids::indexOf).orElse(0);
    if (place < 0) {
      throw new BitAtlasException(
          "The server at %s does not serve %s; it serves: %s."
              .formatted(
                  client.settings().address(), wanted.get(), client.tidy(String.join(", ", ids))));
    }
    JsonNode model = models.get(place);
    JsonNode length = model.path("max_model_len");
    return new ServerFacts(
        known(client, Optional.of(model), "owned_by"),
        known(client, client.optional("/version"), "version"),
        ids.get(place),
        length.isInt() ? OptionalInt.of(length.intValue()) : OptionalInt.empty());
  }

  /** Whether it understands vLLM's own parameters. */
  boolean isVllm() {
    return name.equals("vllm");
  }

  /** Name and version. */
  public String text() {
    return version.equals("unknown") ? name : name + " " + version;
  }

  private static String known(EndpointClient client, Optional<JsonNode> answer, String field) {
    return answer
        .map(node -> client.tidy(node.path(field).stringValue("")))
        .filter(text -> !text.isEmpty())
        .orElse("unknown");
  }
}
