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

  /** The low bits of the mantissa that the hardware ignores. */
  private static final int IGNORED_BITS = 13;

  private static final int READ_MASK = -1 << IGNORED_BITS;

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

  /** What an fp16 model's file holds for a scale: 1.0 becomes 1065353216. */
  public static long pattern(float scale) {
    return Float.floatToRawIntBits(scale);
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

  /** What the hardware multiplies by where the scale is a pattern: truncated towards zero. */
  public static float truncated(float scale) {
    return Float.intBitsToFloat(Float.floatToRawIntBits(scale) & READ_MASK);
  }

  /**
   * The nearest scale that the hardware reads without loss, ties to even: a scale rounded so is
   * wrong by at most 2^-11 of itself, and not always downwards.
   */
  public static float rounded(float scale) {
    int bits = Float.floatToRawIntBits(scale);
    int even = (bits >>> IGNORED_BITS) & 1;
    return Float.intBitsToFloat((bits + (1 << (IGNORED_BITS - 1)) - 1 + even) & READ_MASK);
  }
}
