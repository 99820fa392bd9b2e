package org.bitatlas.eval.endpoint;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * What a server says when it refuses, as one short line without the key.
 *
 * @param key what must not be repeated
 */
record ServerMessage(Optional<String> key) {

  /** Bytes of an error's body that are read. */
  static final int MOST_BYTES = 65_536;

  private static final int MOST_CHARACTERS = 300;

  /** The message of an error's body: OpenAI's, vLLM's or FastAPI's, or its text. */
  String of(byte[] body) {
    String text = new String(body, StandardCharsets.UTF_8);
    try {
      JsonNode root = EndpointClient.JSON.readTree(text);
      return tidy(of(root).orElse(text));
    } catch (JacksonException e) {
      return tidy(text);
    }
  }

  /** The message of an error object, if it is one. */
  static Optional<String> of(JsonNode root) {
    for (JsonNode node :
        new JsonNode[] {
          root.path("error").path("message"),
          root.path("error"),
          root.path("object").stringValue("").equals("error")
              ? root.path("message")
              : root.path("detail")
        }) {
      if (node.isString()) {
        return Optional.of(node.stringValue());
      }
      if (node.isArray() && !node.isEmpty()) {
        return Optional.of(node.toString());
      }
    }
    return Optional.empty();
  }

  /** One line of at most 300 characters, without control characters and without the key. */
  String tidy(String text) {
    String line = text.replaceAll("[\\p{Cntrl}\\s]+", " ").strip();
    String open = key.isPresent() ? line.replace(key.get(), "[key]") : line;
    return open.length() <= MOST_CHARACTERS ? open : open.substring(0, MOST_CHARACTERS) + "...";
  }
}
