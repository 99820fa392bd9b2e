package org.bitatlas.kernel.ascend;

/**
 * Quantization of activations with one scale and offset for all tokens, {@code npu_quantize} as
 * vLLM-Ascend calls it for W8A8: the checkpoint's scale is rounded to the model's type, its
 * reciprocal too, and q = clamp(rint(f32(f32(x * r) + o)), -128, 127) with a multiplication and an
 * addition of their own, not a fused one. Exact (ops-nn, quant/ascend_quant_v2).
 *
 * @param reciprocal r, in the model's type
 * @param offset o, -128 .. 127
 */
public record StaticInput(float reciprocal, int offset) {

  private static final int LEAST = -128;
  private static final int GREATEST = 127;

  /**
   * What a loader makes of stored values.
   *
   * @param inputScale {@code input_scale} of the checkpoint
   * @param offset {@code input_offset}
   * @param type the model's
   */
  public static StaticInput load(float inputScale, int offset, HalfFormat type) {
    return new StaticInput(type.round(1 / type.round(inputScale)), offset);
  }

  /** The code of an activation. */
  public byte code(float value) {
    float scaled = value * reciprocal;
    return TokenQuantization.code(scaled + offset, LEAST, GREATEST);
  }

  /** Codes of {@code count} values. */
  public void quantize(float[] values, int from, int count, byte[] codes, int to) {
    for (int k = 0; k < count; k++) {
      codes[to + k] = code(values[from + k]);
    }
  }
}
