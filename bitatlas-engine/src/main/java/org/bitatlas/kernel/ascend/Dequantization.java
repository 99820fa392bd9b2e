package org.bitatlas.kernel.ascend;

/**
 * From exact int32 sums to outputs, {@code npu_quant_matmul}. A sum becomes fp32 first, rounded
 * half to even above 2^24. Exact (ops-nn, matmul/quant_batch_matmul_v3), but for what the
 * fixed-point pipe makes of an fp16 overflow, which is taken to be infinite.
 */
public final class Dequantization {

  private Dequantization() {}

  /**
   * W8A8 with a static scale, bf16 model: f32(acc + quant_bias) * deq_scale, rounded once.
   *
   * @param sum acc + quant_bias, in int32 arithmetic
   * @param scale deq_scale, fp32, all of it used
   */
  public static float staticBf16(int sum, float scale) {
    return HalfFormat.BF16.round((float) sum * scale);
  }

  /**
   * W8A8 with a static scale, fp16 model: the hardware reads 19 bits of the scale ({@link
   * DequantScale#truncated}).
   *
   * @param sum acc + quant_bias, in int32 arithmetic
   */
  public static float staticFp16(int sum, float scale) {
    return HalfFormat.FP16.round((float) sum * DequantScale.truncated(scale));
  }

  /**
   * A scale per token: first the weight's scale, then the token's, then the bias, each rounded to
   * fp32, and the result to the output's type.
   *
   * @param weightScale of the output feature
   * @param tokenScale of the row
   * @param bias of the output feature; 0 where there is none
   */
  public static float perToken(
      int sum, float weightScale, float tokenScale, float bias, HalfFormat output) {
    float scaled = tokenScale * ((float) sum * weightScale);
    return output.round(scaled + bias);
  }

  /**
   * W4A4 as vLLM-Ascend runs it: the product without bias in its own output type, that in the
   * model's type, then the bias added in the model's type.
   *
   * @param product type of the product: FP16 for W4A4_DYNAMIC, the model's for
   *     W4A4_FLATQUANT_DYNAMIC
   */
  public static float fourBits(
      int sum,
      float weightScale,
      float tokenScale,
      float bias,
      HalfFormat product,
      HalfFormat model) {
    float plain = model.round(perToken(sum, weightScale, tokenScale, 0, product));
    return model.round(plain + model.round(bias));
  }
}
