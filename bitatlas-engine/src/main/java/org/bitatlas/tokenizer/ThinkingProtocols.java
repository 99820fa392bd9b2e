package org.bitatlas.tokenizer;

import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import tools.jackson.databind.JsonNode;

/**
 * Which models think, and how they are asked to. A folder does not say so itself; what is known
 * about published models stands in the table here, and the file {@code bitatlas-thinking.json} in a
 * model folder overrides it:
 *
 * <pre>{@code
 * {"modes": {"SLOW_THINK": "", "NO_THINK": " /no_think"},
 *  "open": "[unused16]", "close": "[unused17]", "always_spans": true}
 * }</pre>
 *
 * <p>{@code modes} maps each supported mode to the text appended to the user message; {@code {}} or
 * an absent {@code close} token means that the model does not think.
 */
final class ThinkingProtocols {

  static final String OVERRIDE = "bitatlas-thinking.json";

  private static final String PANGU_OPEN = "[unused16]";
  private static final String PANGU_CLOSE = "[unused17]";
  private static final Map<ThinkingMode, String> PANGU_MODES =
      Map.of(
          ThinkingMode.SLOW_THINK, "",
          ThinkingMode.AUTO_THINK, " /auto_think",
          ThinkingMode.NO_THINK, " /no_think");

  /** openPangu-Embedded-1B was trained for fast thinking only and knows no suffix. */
  private static final Map<ThinkingMode, String> FAST_ONLY = Map.of(ThinkingMode.NO_THINK, "");

  private static final Map<ThinkingMode, String> ALWAYS = Map.of(ThinkingMode.SLOW_THINK, "");

  /**
   * One openPangu model, recognised by its shape: the published folders carry no other mark.
   *
   * @param hiddenSize {@code hidden_size} of config.json
   * @param layers {@code num_hidden_layers}
   */
  private record KnownPangu(
      int hiddenSize, int layers, Map<ThinkingMode, String> modes, boolean alwaysSpans) {}

  private static final List<KnownPangu> PANGU =
      List.of(
          new KnownPangu(1536, 26, FAST_ONLY, false), // openPangu-Embedded-1B
          new KnownPangu(4096, 34, PANGU_MODES, true), // openPangu-Embedded-7B
          new KnownPangu(256, 6, PANGU_MODES, true)); // the embedded model

  private ThinkingProtocols() {}

  /**
   * The protocol of the model in {@code folder}.
   *
   * @param generationPrompt what the template puts before the reply; empty without a template
   */
  static ThinkingProtocol of(ModelFolder folder, Tokenizer tokenizer, String generationPrompt) {
    if (folder.has(OVERRIDE)) {
      return overridden(folder, tokenizer, generationPrompt);
    }
    JsonNode config = folder.jsonOrEmpty("config.json");
    if (config.path("model_type").asString("").equals("PanguEmbedded")) {
      return pangu(config, tokenizer, generationPrompt);
    }
    // R1-Distill and QwQ: a single token closes the span, and the template drops or opens it.
    return protocol(tokenizer, ALWAYS, "<think>", "</think>", generationPrompt, false);
  }

  private static ThinkingProtocol pangu(
      JsonNode config, Tokenizer tokenizer, String generationPrompt) {
    for (KnownPangu known : PANGU) {
      if (known.hiddenSize == config.path("hidden_size").asInt(0)
          && known.layers == config.path("num_hidden_layers").asInt(0)) {
        return protocol(
            tokenizer, known.modes, PANGU_OPEN, PANGU_CLOSE, generationPrompt, known.alwaysSpans);
      }
    }
    // Another size of the family: its README documents the modes of the 7B model.
    return protocol(tokenizer, PANGU_MODES, PANGU_OPEN, PANGU_CLOSE, generationPrompt, true);
  }

  private static ThinkingProtocol overridden(
      ModelFolder folder, Tokenizer tokenizer, String generationPrompt) {
    JsonNode file = folder.jsonOrEmpty(OVERRIDE);
    Map<ThinkingMode, String> modes = new java.util.EnumMap<>(ThinkingMode.class);
    for (Map.Entry<String, JsonNode> entry : file.path("modes").properties()) {
      modes.put(mode(folder, entry.getKey()), entry.getValue().asString(""));
    }
    String close = file.path("close").asString("");
    if (modes.isEmpty() || close.isEmpty()) {
      return ThinkingProtocol.none();
    }
    if (tokenizer.idOf(close).isEmpty()) {
      throw folder.error(OVERRIDE, "the tokenizer has no token \"" + close + "\".");
    }
    return protocol(
        tokenizer,
        modes,
        file.path("open").asString(""),
        close,
        generationPrompt,
        file.path("always_spans").asBoolean(false));
  }

  private static ThinkingMode mode(ModelFolder folder, String name) {
    for (ThinkingMode mode : ThinkingMode.values()) {
      if (mode.name().equals(name)) {
        return mode;
      }
    }
    throw folder.error(
        OVERRIDE,
        "unknown mode " + name + ", expected one of " + List.of(ThinkingMode.values()) + ".");
  }

  private static ThinkingProtocol protocol(
      Tokenizer tokenizer,
      Map<ThinkingMode, String> modes,
      String open,
      String close,
      String generationPrompt,
      boolean alwaysSpans) {
    OptionalInt closeId = tokenizer.idOf(close);
    if (closeId.isEmpty()) {
      return ThinkingProtocol.none();
    }
    OptionalInt openId = tokenizer.idOf(open);
    boolean opens = !open.isEmpty() && generationPrompt.stripTrailing().endsWith(open);
    return new ThinkingProtocol(modes, openId, closeId, opens, alwaysSpans || opens);
  }
}
