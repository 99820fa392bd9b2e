package org.bitatlas.model;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * What distinguishes the {@code config.json} of one architecture name from that of another; the
 * table {@link #ALL} is the list of what is supported.
 *
 * @param name value of {@code architectures}
 * @param modelType value of {@code model_type}, looked at when {@code architectures} is absent
 * @param queryKeyValueBias whether q, k and v have biases
 * @param outputBias whether o has a bias
 * @param mlpBias whether gate, up and down have biases
 * @param slidingWindowKeys whether {@code use_sliding_window}, {@code sliding_window}, {@code
 *     max_window_layers} and {@code layer_types} select layers with a sliding window
 * @param ropeTypes values of {@code rope_type} that are read
 * @param defaultRopeTheta base of the rotary embedding when the file gives none
 * @param refusedKeys keys that, when set, mark a model of another structure under the same name,
 *     with what they mean
 */
record ArchitectureFamily(
    String name,
    String modelType,
    Bias queryKeyValueBias,
    Bias outputBias,
    Bias mlpBias,
    boolean slidingWindowKeys,
    List<String> ropeTypes,
    double defaultRopeTheta,
    SequencedMap<String, String> refusedKeys) {

  /**
   * Where a family says whether a projection has a bias.
   *
   * @param key boolean key of the configuration; empty when the family fixes the answer
   * @param otherwise the answer without the key
   */
  record Bias(Optional<String> key, boolean otherwise) {

    static final Bias ALWAYS = new Bias(Optional.empty(), true);
    static final Bias NEVER = new Bias(Optional.empty(), false);

    static Bias ofKey(String key, boolean otherwise) {
      return new Bias(Optional.of(key), otherwise);
    }
  }

  private static final List<String> ALL_ROPE_TYPES = List.of("default", "linear", "llama3");

  /** openPangu-Embedded 1B and 7B. Defaults as in the vendor's configuration class. */
  private static final ArchitectureFamily PANGU_EMBEDDED =
      new ArchitectureFamily(
          "PanguEmbeddedForCausalLM",
          "PanguEmbedded",
          Bias.ofKey("bias", true),
          Bias.ofKey("bias", true),
          Bias.NEVER,
          false,
          List.of("default"),
          16_000_000,
          panguLookAlikes());

  /** Qwen2, Qwen2.5, DeepSeek-R1-Distill-Qwen, QwQ. Defaults as in transformers. */
  private static final ArchitectureFamily QWEN2 =
      new ArchitectureFamily(
          "Qwen2ForCausalLM",
          "qwen2",
          Bias.ALWAYS,
          Bias.NEVER,
          Bias.NEVER,
          true,
          ALL_ROPE_TYPES,
          10_000,
          new LinkedHashMap<>());

  /** Llama 2 and 3. Defaults as in transformers. */
  private static final ArchitectureFamily LLAMA =
      new ArchitectureFamily(
          "LlamaForCausalLM",
          "llama",
          Bias.ofKey("attention_bias", false),
          Bias.ofKey("attention_bias", false),
          Bias.ofKey("mlp_bias", false),
          false,
          ALL_ROPE_TYPES,
          10_000,
          llamaLookAlikes());

  /** Every supported architecture. */
  static final List<ArchitectureFamily> ALL = List.of(PANGU_EMBEDDED, QWEN2, LLAMA);

  /** openPangu-R-7B-2512 reuses the name for another block: its keys give it away. */
  private static SequencedMap<String, String> panguLookAlikes() {
    String other = ", as in openPangu-R-7B-2512, which reuses this architecture name";
    SequencedMap<String, String> keys = new LinkedHashMap<>();
    keys.put("param_sink_number", "learned attention sinks" + other);
    keys.put("qk_rope_dim", "separate rotary and plain query dimensions" + other);
    keys.put("qk_nope_dim", "separate rotary and plain query dimensions" + other);
    keys.put("v_channels", "values of another width than queries" + other);
    keys.put("rotary_percent", "a partial rotary embedding" + other);
    keys.put("layer_types", "layers of different kinds" + other);
    keys.put("sliding_window", "a sliding attention window" + other);
    keys.put("sandwich_norm", "norms after attention and MLP, as in openPangu-Ultra");
    keys.put("num_nextn_predict_layers", "multi-token prediction layers" + other);
    keys.put("n_routed_experts", "a mixture of experts, as in openPangu-Pro-MoE");
    return keys;
  }

  private static SequencedMap<String, String> llamaLookAlikes() {
    SequencedMap<String, String> keys = new LinkedHashMap<>();
    keys.put("sliding_window", "a sliding attention window, which Llama does not have");
    keys.put("num_local_experts", "a mixture of experts, which Llama 2 and 3 do not have");
    return keys;
  }
}
