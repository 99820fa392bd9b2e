package org.bitatlas.format.gguf;

import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Tensor names of llama.cpp and of Hugging Face. */
final class GgufNames {

  /** Factors by which frequencies of the rotary embedding are divided [d / 2]. */
  static final String ROTARY_FACTORS = "rope_freqs.weight";

  private static final Map<String, String> OUTER =
      Map.of(
          "model.embed_tokens.weight", "token_embd.weight",
          "model.norm.weight", "output_norm.weight",
          "lm_head.weight", "output.weight");

  private static final Map<String, String> INNER =
      Map.of(
          "input_layernorm", "attn_norm",
          "post_attention_layernorm", "ffn_norm",
          "self_attn.q_proj", "attn_q",
          "self_attn.k_proj", "attn_k",
          "self_attn.v_proj", "attn_v",
          "self_attn.o_proj", "attn_output",
          "mlp.gate_proj", "ffn_gate",
          "mlp.up_proj", "ffn_up",
          "mlp.down_proj", "ffn_down");

  private static final Map<String, String> OUTER_BACK = inverted(OUTER);
  private static final Map<String, String> INNER_BACK = inverted(INNER);

  private static final Pattern HUGGING_FACE =
      Pattern.compile("model\\.layers\\.(0|[1-9][0-9]{0,5})\\.(.+)\\.(weight|bias)");
  private static final Pattern GGUF =
      Pattern.compile("blk\\.(0|[1-9][0-9]{0,5})\\.(\\w+)\\.(weight|bias)");

  private GgufNames() {}

  /** llama.cpp's name of a Hugging Face tensor, or empty when it has none. */
  static Optional<String> ofHuggingFace(String name) {
    return translated(name, OUTER, HUGGING_FACE, INNER, "blk.");
  }

  /** Hugging Face's name of a llama.cpp tensor, or empty when it has none. */
  static Optional<String> toHuggingFace(String name) {
    return translated(name, OUTER_BACK, GGUF, INNER_BACK, "model.layers.");
  }

  private static Optional<String> translated(
      String name,
      Map<String, String> outer,
      Pattern block,
      Map<String, String> inner,
      String prefix) {
    if (outer.containsKey(name)) {
      return Optional.ofNullable(outer.get(name));
    }
    Matcher matcher = block.matcher(name);
    return matcher.matches()
        ? Optional.ofNullable(inner.get(matcher.group(2)))
            .map(part -> prefix + matcher.group(1) + "." + part + "." + matcher.group(3))
        : Optional.empty();
  }

  private static Map<String, String> inverted(Map<String, String> names) {
    return names.entrySet().stream()
        .collect(Collectors.toUnmodifiableMap(Map.Entry::getValue, Map.Entry::getKey));
  }
}
