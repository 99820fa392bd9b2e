package org.bitatlas.format.gguf;

import java.util.Arrays;
import java.util.stream.Collectors;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.FormatRefusal;
import org.bitatlas.format.JsonFile;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.RotaryEmbedding;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.databind.node.ObjectNode;

/** The architectures of llama.cpp that BitAtlas's models are. */
enum GgufArchitecture {
  /** Llama 2 and 3; rows of q and k are in llama.cpp's own order. */
  LLAMA("llama", "LlamaForCausalLM", "llama"),
  /** Qwen2, Qwen2.5 and what was distilled into them. */
  QWEN2("qwen2", "Qwen2ForCausalLM", "qwen2"),
  /** openPangu-Embedded; the output projection has a bias, always. */
  PANGU_EMBEDDED("pangu-embedded", "PanguEmbeddedForCausalLM", "PanguEmbedded");

  private final String label;
  private final String family;
  private final String modelType;

  GgufArchitecture(String label, String family, String modelType) {
    this.label = label;
    this.family = family;
    this.modelType = modelType;
  }

  /** The name in a file. */
  String label() {
    return label;
  }

  /**
   * The architecture of a model.
   *
   * @throws FormatRefusal when llama.cpp has none for it
   */
  static GgufArchitecture of(Architecture model) {
    GgufArchitecture found =
        Arrays.stream(values())
            .filter(architecture -> architecture.family.equals(model.family()))
            .findFirst()
            .orElseThrow(() -> refusal(model, "llama.cpp has no architecture for it here"));
    if (model.slidingWindow() > 0 && !model.slidingWindowLayers().isEmpty()) {
      throw refusal(model, "llama.cpp attends to all tokens in its layers with a sliding window");
    }
    boolean attentionBias = model.queryKeyValueBias() && model.outputBias();
    if (found == PANGU_EMBEDDED && !attentionBias) {
      throw refusal(model, "llama.cpp asks for biases of the attention, which it lacks");
    }
    return found;
  }

  private static FormatRefusal refusal(Architecture model, String reason) {
    return FormatRefusal.of(FormatName.GGUF, "a " + model.family(), reason);
  }

  /**
   * The architecture of a file.
   *
   * @throws BitAtlasException when it is of another
   */
  static GgufArchitecture of(GgufMetadata metadata) {
    String label = metadata.text(GeneralKeys.ARCHITECTURE);
    return Arrays.stream(values())
        .filter(architecture -> architecture.label.equals(label))
        .findFirst()
        .orElseThrow(() ->
            new BitAtlasException(
                "%s is of architecture \"%s\"; BitAtlas runs %s."
                    .formatted(
                        metadata.source(),
                        label,
                        Arrays.stream(values())
                            .map(GgufArchitecture::label)
                            .collect(Collectors.joining(", ")))));
  }

  /** The order of the rows of a Hugging Face tensor in files of this architecture. */
  RowOrder rowOrder(String name, int headDimension) {
    boolean rotated = name.contains(".q_proj.") || name.contains(".k_proj.");
    return this == LLAMA && rotated ? new RowOrder(headDimension) : RowOrder.SAME;
  }

  /** Adds everything that llama.cpp asks of a model of this architecture. */
  void describe(Architecture model, GgufMetadata metadata) {
    metadata
        .put(key("block_count"), model.layers())
        .put(key("context_length"), model.maxPositions())
        .put(key("embedding_length"), model.hiddenSize())
        .put(key("feed_forward_length"), model.intermediateSize())
        .put(key("attention.head_count"), model.heads())
        .put(key("attention.head_count_kv"), model.keyValueHeads())
        .put(key("attention.key_length"), model.headDimension())
        .put(key("attention.value_length"), model.headDimension())
        .put(key("attention.layer_norm_rms_epsilon"), (float) model.rmsNormEpsilon())
        .put(key("rope.dimension_count"), model.headDimension())
        .put(key("rope.freq_base"), (float) model.rope().theta())
        .put(key("vocab_size"), model.vocabularySize());
    if (model.rope() instanceof RotaryEmbedding.Linear linear) {
      metadata.put(key("rope.scaling.type"), "linear");
      metadata.put(key("rope.scaling.factor"), (float) linear.factor());
    }
  }

  private String key(String name) {
    return label + "." + name;
  }

  /**
   * The {@code config.json} of a file's model.
   *
   * @throws BitAtlasException when a key is missing or asks for what BitAtlas does not compute
   */
  ObjectNode configuration(GgufFile file) {
    GgufMetadata metadata = file.metadata();
    int hidden = metadata.size(key("embedding_length"));
    int heads = metadata.size(key("attention.head_count"));
    int headDimension = metadata.findSize(key("attention.key_length")).orElse(hidden / heads);
    requireSame(metadata, "attention.value_length", headDimension);
    requireSame(metadata, "rope.dimension_count", headDimension);
    ObjectNode config = JsonFile.object();
    config.putArray("architectures").add(family);
    config
        .put("model_type", modelType)
        .put("hidden_act", "silu")
        .put("hidden_size", hidden)
        .put("intermediate_size", metadata.size(key("feed_forward_length")))
        .put("num_hidden_layers", metadata.size(key("block_count")))
        .put("num_attention_heads", heads)
        .put("num_key_value_heads", metadata.findSize(key("attention.head_count_kv")).orElse(heads))
        .put("head_dim", headDimension)
        .put("max_position_embeddings", metadata.size(key("context_length")))
        .put("rms_norm_eps", decimal(metadata, "attention.layer_norm_rms_epsilon", 1e-5))
        .put("rope_theta", decimal(metadata, "rope.freq_base", 10_000))
        .put("vocab_size", file.get("token_embd.weight").info().rows())
        .put("tie_word_embeddings", file.find("output.weight").isEmpty())
        .put("torch_dtype", floatType(file));
    boolean attentionBias = file.find("blk.0.attn_output.bias").isPresent();
    switch (this) {
      case LLAMA ->
          config
              .put("attention_bias", attentionBias)
              .put("mlp_bias", file.find("blk.0.ffn_down.bias").isPresent());
      case PANGU_EMBEDDED -> config.put("bias", attentionBias);
      case QWEN2 -> {}
    }
    SpecialIds special = SpecialIds.of(metadata, config.path("vocab_size").intValue());
    special.begin().ifPresent(id -> config.put("bos_token_id", id));
    special.end().ifPresent(id -> config.put("eos_token_id", id));
    special.padding().ifPresent(id -> config.put("pad_token_id", id));
    RotaryScaling.read(file, label, headDimension, config);
    return config;
  }

  private void requireSame(GgufMetadata metadata, String name, int headDimension) {
    int found = metadata.findSize(key(name)).orElse(headDimension);
    if (found != headDimension) {
      throw metadata.invalid(
          key(name), headDimension + ", the width of a head (others are not run)", found);
    }
  }

  /** A number that was rounded to single precision, as a person would have written it. */
  private double decimal(GgufMetadata metadata, String name, double otherwise) {
    double value = metadata.findNumber(key(name)).orElse(otherwise);
    return Double.parseDouble(Float.toString((float) value));
  }

  private static String floatType(GgufFile file) {
    return switch (file.get("token_embd.weight").info().type()) {
      case F32 -> "float32";
      case BF16 -> "bfloat16";
      default -> "float16";
    };
  }
}
