package org.bitatlas.eval.endpoint;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;
import org.bitatlas.generate.LanguageModel;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.ChatTemplate;
import org.bitatlas.tokenizer.ChatTokenizer;
import org.bitatlas.tokenizer.ThinkingMode;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A model behind an OpenAI-compatible endpoint. With the model's tokenizer, prompts are token ids
 * made here, as in a local run; without one, the server's chat makes them.
 */
public final class Endpoint implements AutoCloseable {

  /** Raised when the same answers of a server would give another result. */
  public static final int BEHAVIOUR_VERSION = 1;

  /** Value of the record input {@code weights}: nobody outside the server can hash them. */
  public static final String UNHASHED = "not hashed: served by an endpoint";

  /**
   * What is wanted of a server.
   *
   * @param model id of the model there; empty where it has one only
   * @param tokenizer the model's tokenizer and template; empty for the server's own
   * @param mode the one thinking mode that will be asked for in the server's chat; empty for its
   *     default
   * @param templateArguments a JSON object for {@code chat_template_kwargs} of the server's chat
   * @param journal folder for the answers of a run that has not ended; empty for none
   */
  public record Wanted(
      Optional<String> model,
      Optional<ChatTokenizer> tokenizer,
      Optional<ThinkingMode> mode,
      Optional<String> templateArguments,
      Optional<Path> journal) {}

  private final EndpointClient client;
  private final ServerFacts facts;
  private final Optional<Capabilities> capabilities;
  private final ChatTokenizer tokenizer;
  private final SequencedMap<String, String> identity;
  private final ReplyJournal journal;
  private final LanguageModel language;
  private final SpeedMeter meter = new SpeedMeter();

  private Endpoint(EndpointClient client, Wanted wanted) {
    this.client = client;
    this.facts = ServerFacts.ask(client, wanted.model());
    this.capabilities =
        wanted.tokenizer().map(own -> Capabilities.probe(client, facts, own.tokenizer()));
    TextTokens texts = new TextTokens();
    this.tokenizer = wanted.tokenizer().orElseGet(() -> ServerChat.tokenizer(texts, wanted.mode()));
    ObjectNode arguments = arguments(wanted.templateArguments().orElse("{}"));
    if (wanted.tokenizer().isPresent() && !arguments.isEmpty()) {
      throw new BitAtlasException(
          "Arguments of the chat template go to the server's template, but with a tokenizer given the template is used here; leave one of them out.");
    }
    this.identity = identity(arguments);
    this.journal =
        ReplyJournal.open(
            wanted
                .journal()
                .map(folder ->
                    folder.resolve(
                        "endpoint-"
                            + Sha256.of(client.settings().address() + identity.toString())
                                .substring(0, 16)
                            + ".jsonl")));
    this.language =
        new EndpointLanguageModel(
            capabilities.isPresent()
                ? new CompletionsModel(
                    new CompletionsModel.Setting(
                        client, facts, tokenizer.tokenizer(), capabilities.get(), journal, meter))
                : new ChatModel(
                    new ChatModel.Setting(
                        client, facts, texts, wanted.mode(), arguments, journal, meter)),
            client.settings().concurrency());
  }

  /**
   * Connects, and finds out what the server gives.
   *
   * @throws BitAtlasException when it cannot be reached, does not serve the model, or its tokenizer
   *     is another one
   */
  public static Endpoint connect(EndpointSettings settings, Wanted wanted) {
    EndpointClient client = new EndpointClient(settings);
    try {
      return new Endpoint(client, wanted);
    } catch (RuntimeException e) {
      client.close();
      throw e;
    }
  }

  /** Scores and generates. */
  public LanguageModel language() {
    return language;
  }

  /** The tokenizer that was given, or what stands in for the server's. */
  public ChatTokenizer tokenizer() {
    return tokenizer;
  }

  /** Server, version and model. */
  public ServerFacts facts() {
    return facts;
  }

  /** Speed of the replies since it was last reset. */
  public SpeedMeter meter() {
    return meter;
  }

  /** Why log-likelihoods and perplexity cannot be had; empty where they can. */
  public Optional<String> noScores() {
    return capabilities.isEmpty()
        ? Optional.of(ChatModel.NO_SCORES)
        : capabilities.map(Capabilities::noScores).filter(reason -> !reason.isEmpty());
  }

  /** What identifies the model and the way it is asked, as inputs of a record's key. */
  public SequencedMap<String, String> identity() {
    return new LinkedHashMap<>(identity);
  }

  /** How it is run, in a sentence for a record. */
  public String execution() {
    return "endpoint: %s serving %s; weights not hashed; %s"
        .formatted(
            facts.text(),
            facts.model(),
            capabilities.isPresent()
                ? "prompts are token ids made here"
                : "prompts by the server's chat template");
  }

  /** Deletes the answers kept for a run that was to go on: all of them are in records. */
  public void forgetAnswers() {
    journal.delete();
  }

  private SequencedMap<String, String> identity(ObjectNode arguments) {
    SequencedMap<String, String> inputs = new LinkedHashMap<>();
    inputs.put("weights", UNHASHED);
    inputs.put("server", facts.text());
    inputs.put("served_model", facts.model());
    inputs.put("tokenizer", tokenizer.tokenizer().digest());
    inputs.put("template", tokenizer.template().map(ChatTemplate::digest).orElse("none"));
    if (!arguments.isEmpty()) {
      inputs.put("template_arguments", arguments.toString());
    }
    inputs.put("prompts", capabilities.isPresent() ? "token ids" : "the server's chat template");
    inputs.put(
        "reply_ids",
        capabilities.map(known -> known.ids().description()).orElse("pieces of the stream"));
    inputs.put("scores", capabilities.map(known -> known.scores().description()).orElse("none"));
    inputs.put("version.endpoint", Integer.toString(BEHAVIOUR_VERSION));
    return inputs;
  }

  private static ObjectNode arguments(String json) {
    try {
      JsonNode node = EndpointClient.JSON.readTree(json);
      if (node instanceof ObjectNode object) {
        return object;
      }
    } catch (JacksonException e) {
      throw new BitAtlasException(
          "The arguments of the chat template are not JSON; give an object such as {\"enable_thinking\": false}.",
          e);
    }
    throw new BitAtlasException(
        "The arguments of the chat template are not a JSON object; give one such as {\"enable_thinking\": false}.");
  }

  @Override
  public void close() {
    client.close();
  }
}
