package org.bitatlas.format.modelslim;

import org.bitatlas.tensor.BitAtlasException;

/**
 * {@code quant_bias}: bias b and the offset z of the activations, in units of the accumulator. With
 * q = round(x / s_x) + z, sum_k w (q - z) s_x s_w + b = (sum_k w q + quant_bias) deq_scale.
 */
public final class QuantizedBias {

  private QuantizedBias() {}

  /**
   * round(b / deq_scale - z sum_k w), half to even; quotient, product and difference in fp32 as
   * msModelSlim computes them, the sum of the codes exactly.
   *
   * @param bias [N]; all 0 for a layer without
   * @param deqScales [N]
   * @param codeSums [N], sum over k of the signed codes
   * @param inputOffset z
   * @param module for the error message
   * @throws BitAtlasException when a value does not fit 32 bits
   */
  public static int[] of(
      float[] bias, float[] deqScales, long[] codeSums, int inputOffset, String module) {
    int[] result = new int[bias.length];
    for (int n = 0; n < result.length; n++) {
      float correction = (float) codeSums[n] * inputOffset;
      double rounded = Math.rint(bias[n] / deqScales[n] - correction);
      if (!(Math.abs(rounded) <= Integer.MAX_VALUE)) {
        throw new BitAtlasException(
            "The bias of %s, row %d, is %s in units of %s and does not fit 32 bits; give the layer a larger activation range or keep it float."
                .formatted(module, n, bias[n], deqScales[n]));
      }
      result[n] = (int) rounded;
    }
    return result;
  }

  /**
   * Refuses values that were cut off at the ends of 32 bits.
   *
   * @param module for the error message
   * @throws BitAtlasException when there is one
   */
  static void requireFits(int[] rounded, String module) {
    for (int n = 0; n < rounded.length; n++) {
      if (rounded[n] == Integer.MAX_VALUE || rounded[n] == Integer.MIN_VALUE) {
        throw new BitAtlasException(
            "The bias of %s, row %d, does not fit 32 bits in units of its accumulator; give the layer a larger activation range or keep it float."
                .formatted(module, n));
      }
    }
  }
}
