package org.bitatlas.format.modelslim;

import org.bitatlas.tensor.BitAtlasException;

/**
 * {@code deq_scale}: what an int32 sum of products of codes is multiplied by, s = input scale x
 * weight scale, an fp32 product.
 *
 * <p>For a bf16 model the file holds s itself as F32. For an fp16 model it holds I64 whose value is
 * the bit pattern of s as a signed 32-bit number, sign-extended; the hardware reads only the upper
 * 19 of the 32 bits (sign, exponent and 10 bits of mantissa).
 */
public final class DequantizationScale {

  private DequantizationScale() {}

  /**
   * The scales of a layer.
   *
   * @param inputScale scale of the activations
   * @param weightScales [N]
   * @return [N]
   */
  public static float[] of(float inputScale, float[] weightScales) {
    float[] scales = new float[weightScales.length];
    for (int n = 0; n < scales.length; n++) {
      scales[n] = inputScale * weightScales[n];
    }
    return scales;
  }

  /**
   * The scale of a pattern.
   *
   * @throws BitAtlasException when the number is no sign-extended 32-bit pattern
   */
  public static float ofPattern(long pattern) {
    if (pattern != (int) pattern) {
      throw new BitAtlasException(
          "A deq_scale of %d is no bit pattern of an fp32 scale; expected a number of 32 bits."
              .formatted(pattern));
    }
    return Float.intBitsToFloat((int) pattern);
  }
}
