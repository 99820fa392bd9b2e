package org.bitatlas.quant.method;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/** Recipes that are known by a name of their own; every option may be given beside the name. */
final class NamedRecipes {

  /**
   * For dense models on Ascend A2 and A3 with vLLM-Ascend v0.18 to v0.26rc: the MLP on 4 bits in
   * groups (W4A8_DYNAMIC), attention on 8 bits per channel (W8A8_DYNAMIC), as the kernel of
   * W4A8_DYNAMIC drops biases, which attention has.
   */
  static final String W4A8_ASCEND = "w4a8-ascend";

  /**
   * For dense models on Ascend A2 and A3 with any vLLM-Ascend since v0.18: FlatQuant as
   * W4A4_FLATQUANT_DYNAMIC holds it.
   */
  static final String W4A4_ASCEND = "w4a4-ascend";

  private static final Map<String, SequencedMap<String, Object>> ALL =
      Map.of(W4A8_ASCEND, w4a8Ascend(), W4A4_ASCEND, w4a4Ascend());

  private NamedRecipes() {}

  private static SequencedMap<String, Object> w4a8Ascend() {
    SequencedMap<String, Object> options = new LinkedHashMap<>();
    options.put("method", "gptq");
    options.put("bits", 4);
    options.put("group_size", 128);
    options.put("grid", Grid.QUAROT_SYMMETRIC.id());
    options.put("layer_bits", List.of("self_attn=8g0"));
    options.put("a_bits", 8);
    options.put("a_sym", true);
    options.put("a_granularity", ActivationPolicy.Granularity.DYNAMIC_TOKEN.id());
    return options;
  }

  private static SequencedMap<String, Object> w4a4Ascend() {
    SequencedMap<String, Object> options = new LinkedHashMap<>();
    options.put("method", "flatquant");
    options.put("bits", 4);
    options.put("a_bits", 4);
    options.put("kv_bits", ActivationPolicy.FLOAT_BITS);
    options.put("lac", FlatForm.ASCEND.clip().id());
    options.put("o_trans", FlatForm.ASCEND.output().id());
    options.put("trans_dtype", FlatForm.ASCEND.type().id());
    return options;
  }

  /** The options that a method's name stands for; empty for a method of its own. */
  static Optional<SequencedMap<String, Object>> of(String method) {
    return Optional.ofNullable(ALL.get(method));
  }
}
