package org.bitatlas.model;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reads {@code config.json} of a Hugging Face checkpoint into an {@link Architecture}. What the
 * supported architectures differ in is data, {@link ArchitectureFamily}; a model whose keys show
 * another structure than its architecture name promises is refused.
 */
public final class ArchitectureReader {

  private static final String FULL_ATTENTION = "full_attention";
  private static final String SLIDING_ATTENTION = "sliding_attention";

  /** Defaults of transformers' Qwen2Config, which leaves defaults out of the file. */
  private static final int DEFAULT_SLIDING_WINDOW = 4096;

  private static final int DEFAULT_MAX_WINDOW_LAYERS = 28;

  private ArchitectureReader() {}

  /**
   * Reads a configuration.
   *
   * @throws BitAtlasException when the file is missing or malformed, names an unsupported
   *     architecture, holds a key of another structure, or contradicts itself
   */
  public static Architecture read(Path configJson) {
    return read(Configuration.read(configJson));
  }

  /**
   * Reads a configuration that is not in a file of its own.
   *
   * @param origin what it was made from, for error messages
   * @throws BitAtlasException as {@link #read(Path)}
   */
  public static Architecture read(ObjectNode configuration, Path origin) {
    return read(new Configuration(origin, "", configuration));
  }

  private static Architecture read(Configuration configuration) {
    ArchitectureFamily family = family(configuration);
    refuseLookAlikes(family, configuration);
    int hiddenSize = configuration.requireSize("hidden_size");
    int layers = configuration.requireSize("num_hidden_layers");
    int heads = configuration.requireSize("num_attention_heads");
    int keyValueHeads = configuration.size("num_key_value_heads", heads);
    if (heads % keyValueHeads != 0) {
      throw configuration.invalid(
          "num_key_value_heads",
          "is " + keyValueHeads + ", which does not divide num_attention_heads " + heads);
    }
    int vocabularySize = configuration.requireSize("vocab_size");
    int window = slidingWindow(family, configuration);
    return new Architecture(
        family.name(),
        vocabularySize,
        hiddenSize,
        configuration.requireSize("intermediate_size"),
        layers,
        heads,
        keyValueHeads,
        headDimension(configuration, hiddenSize, heads),
        configuration.requirePositive("rms_norm_eps"),
        RotaryReader.read(family, configuration),
        bias(family.queryKeyValueBias(), configuration),
        bias(family.outputBias(), configuration),
        bias(family.mlpBias(), configuration),
        configuration.flag("tie_word_embeddings", false),
        configuration.requireSize("max_position_embeddings"),
        window,
        window == 0 ? List.of() : slidingWindowLayers(configuration, layers),
        configuration
            .findInteger("bos_token_id")
            .map(id -> tokenId("bos_token_id", id, vocabularySize, configuration))
            .orElse(-1),
        configuration.integers("eos_token_id").stream()
            .map(id -> tokenId("eos_token_id", id, vocabularySize, configuration))
            .toList());
  }

  private static ArchitectureFamily family(Configuration configuration) {
    Optional<String> name =
        configuration.findTexts("architectures").flatMap(names -> names.stream().findFirst());
    Optional<String> modelType = configuration.findText("model_type");
    return ArchitectureFamily.ALL.stream()
        .filter(family ->
            name.map(family.name()::equals)
                .orElse(modelType.map(family.modelType()::equals).orElse(false)))
        .findFirst()
        .orElseThrow(() ->
            new BitAtlasException(
                "The configuration "
                    + configuration.file()
                    + " is of "
                    + name.map(found -> "architecture '" + found + "'")
                        .or(() -> modelType.map(found -> "model type '" + found + "'"))
                        .orElse("no named architecture")
                    + "; supported are "
                    + ArchitectureFamily.ALL.stream()
                        .map(ArchitectureFamily::name)
                        .collect(Collectors.joining(", "))
                    + "."));
  }

  private static void refuseLookAlikes(ArchitectureFamily family, Configuration configuration) {
    for (Map.Entry<String, String> refused : family.refusedKeys().entrySet()) {
      if (configuration.find(refused.getKey()).filter(ArchitectureReader::isSet).isPresent()) {
        throw configuration.invalid(
            refused.getKey(),
            "means " + refused.getValue() + "; this is not a supported " + family.name());
      }
    }
    configuration
        .findText("hidden_act")
        .filter(activation -> !activation.equals("silu"))
        .ifPresent(activation -> {
          throw configuration.invalid(
              "hidden_act", "is '" + activation + "'; only 'silu' is supported");
        });
  }

  /** False, zero and an empty list switch a feature off as well as null does. */
  private static boolean isSet(JsonNode value) {
    if (value.isBoolean()) {
      return value.booleanValue();
    }
    if (value.isNumber()) {
      return value.doubleValue() != 0;
    }
    return !value.isArray() || !value.isEmpty();
  }

  private static int headDimension(Configuration configuration, int hiddenSize, int heads) {
    Optional<Integer> given = configuration.findInteger("head_dim");
    if (given.isEmpty() && hiddenSize % heads != 0) {
      throw configuration.invalid(
          "hidden_size",
          "is "
              + hiddenSize
              + ", not a multiple of num_attention_heads "
              + heads
              + ", and there is no head_dim");
    }
    int headDimension = given.orElse(hiddenSize / heads);
    if (headDimension < 2 || headDimension % 2 != 0) {
      throw configuration.invalid(
          given.isPresent() ? "head_dim" : "hidden_size",
          "makes heads of width " + headDimension + "; the rotary embedding needs an even one");
    }
    return headDimension;
  }

  private static boolean bias(ArchitectureFamily.Bias bias, Configuration configuration) {
    return bias.key()
        .map(key -> configuration.flag(key, bias.otherwise()))
        .orElse(bias.otherwise());
  }

  /** The window in tokens, 0 for none; the other keys mean nothing without use_sliding_window. */
  private static int slidingWindow(ArchitectureFamily family, Configuration configuration) {
    if (!family.slidingWindowKeys() || !configuration.flag("use_sliding_window", false)) {
      return 0;
    }
    boolean switchedOff =
        configuration.object().has("sliding_window")
            && configuration.find("sliding_window").isEmpty();
    return switchedOff ? 0 : configuration.size("sliding_window", DEFAULT_SLIDING_WINDOW);
  }

  private static List<Integer> slidingWindowLayers(Configuration configuration, int layers) {
    Optional<List<String>> types = configuration.findTexts("layer_types");
    if (types.isEmpty()) {
      int first = configuration.findInteger("max_window_layers").orElse(DEFAULT_MAX_WINDOW_LAYERS);
      return IntStream.range(Math.max(0, first), Math.max(layers, first)).boxed().toList();
    }
    List<String> kinds = types.get();
    if (kinds.size() != layers) {
      throw configuration.invalid(
          "layer_types", "names " + kinds.size() + " layers; num_hidden_layers is " + layers);
    }
    for (String kind : kinds) {
      if (!kind.equals(FULL_ATTENTION) && !kind.equals(SLIDING_ATTENTION)) {
        throw configuration.invalid(
            "layer_types",
            "holds '" + kind + "'; supported are " + FULL_ATTENTION + " and " + SLIDING_ATTENTION);
      }
    }
    return IntStream.range(0, layers)
        .filter(layer -> kinds.get(layer).equals(SLIDING_ATTENTION))
        .boxed()
        .toList();
  }

  private static int tokenId(String key, int id, int vocabularySize, Configuration configuration) {
    if (id < 0 || id >= vocabularySize) {
      throw configuration.invalid(
          key, "is " + id + ", outside the vocabulary of " + vocabularySize + " tokens");
    }
    return id;
  }
}
