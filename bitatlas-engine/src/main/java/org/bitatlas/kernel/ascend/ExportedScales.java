package org.bitatlas.kernel.ascend;

/**
 * Scales of a static W8A8 layer rounded before they are written, so that nothing is lost where an
 * NPU rounds them: the input's scale is one that the model's type has, and the outputs' scales undo
 * what the reciprocal of it does, not what it stands for. Stored plainly the two disagree by up to
 * 2^-8 of every output.
 *
 * @param inputScale {@code input_scale}, exact in the model's type
 * @param dequantScales {@code deq_scale} [N]: fp32 for bf16 models, exact in 19 bits for fp16
 * @param quantBias {@code quant_bias} [N]
 */
public record ExportedScales(float inputScale, float[] dequantScales, int[] quantBias) {

  /**
   * The scales as the checkpoint format defines them, of unrounded values: deq_scale = input_scale
   * * weight_scale, quant_bias = rint(bias / deq_scale - offset * sum of codes).
   *
   * @param inputScale step of the activations
   * @param offset their zero point, -128 .. 127
   * @param weightScales [N]
   * @param codeSums sum of each row's codes [N]
   * @param bias b [N], or empty
   */
  public static ExportedScales plain(
      float inputScale, int offset, float[] weightScales, long[] codeSums, float[] bias) {
    float[] scales = new float[weightScales.length];
    for (int n = 0; n < scales.length; n++) {
      scales[n] = inputScale * weightScales[n];
    }
    return new ExportedScales(inputScale, scales, quantBias(scales, offset, codeSums, bias));
  }

  /**
   * Scales that lose nothing when they are loaded.
   *
   * @param type the model's; other parameters as in {@link #plain}
   */
  public static ExportedScales rounded(
      float inputScale,
      int offset,
      float[] weightScales,
      long[] codeSums,
      float[] bias,
      HalfFormat type) {
    float scale = type.round(inputScale);
    double step = 1.0 / type.round(1 / scale);
    float[] scales = new float[weightScales.length];
    for (int n = 0; n < scales.length; n++) {
      float exact = (float) (step * weightScales[n]);
      scales[n] = type == HalfFormat.FP16 ? DequantScale.rounded(exact) : exact;
    }
    return new ExportedScales(scale, scales, quantBias(scales, offset, codeSums, bias));
  }

  private static int[] quantBias(float[] scales, int offset, long[] codeSums, float[] bias) {
    int[] rounded = new int[scales.length];
    for (int n = 0; n < scales.length; n++) {
      double own = bias.length == 0 || scales[n] == 0 ? 0 : bias[n] / scales[n];
      rounded[n] = (int) Math.rint(own - (double) codeSums[n] * offset);
    }
    return rounded;
  }
}
