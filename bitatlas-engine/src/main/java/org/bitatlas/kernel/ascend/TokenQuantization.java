package org.bitatlas.kernel.ascend;

/**
 * Dynamic quantization per token, {@code npu_dynamic_quant}: m = max |x|, inv = limit / m, q =
 * rint(x * inv), all in fp32. Exact where the vector unit divides with correct rounding, which its
 * documentation does not say; a division off by one ulp moves a code only where x * inv is within
 * an ulp of a tie.
 *
 * <p>A row of zeros has codes 0 and scale 0. Where a value is infinite or not a number, or the
 * largest magnitude is so small that inv is infinite, codes saturate and 0 * inf becomes 0; that
 * the scale of a row with a NaN is NaN is assumed (how the unit takes a maximum with NaN is not
 * published).
 */
public final class TokenQuantization {

  /** Largest code of 8 bits. */
  public static final int LIMIT_8 = 127;

  /** Largest code of 4 bits. */
  public static final int LIMIT_4 = 7;

  private TokenQuantization() {}

  /**
   * Quantizes a row.
   *
   * @param values holds x [K] from {@code from} on
   * @param columns K
   * @param limit {@link #LIMIT_8} or {@link #LIMIT_4}
   * @param clip FlatQuant's clip_ratio, a factor on the limit of the range; else 1
   * @param kind which scale is stored
   * @param codes receives q [K] from {@code to} on
   * @return the stored scale of the row
   */
  public static float quantize(
      float[] values,
      int from,
      int columns,
      int limit,
      float clip,
      TokenScale kind,
      byte[] codes,
      int to) {
    float maximum = maximum(values, from, columns) * clip;
    float inverse = limit / maximum;
    for (int k = 0; k < columns; k++) {
      codes[to + k] = code(values[from + k] * inverse, -limit - 1, limit);
    }
    return kind.of(maximum, limit);
  }

  private static float maximum(float[] values, int from, int columns) {
    float maximum = 0;
    for (int k = 0; k < columns; k++) {
      maximum = Math.max(maximum, Math.abs(values[from + k]));
    }
    return maximum;
  }

  /** Rounds half to even; not a number becomes 0, as in the unit's conversion to integers. */
  static byte code(float scaled, int least, int greatest) {
    double rounded = Math.rint(scaled);
    return (byte) Math.clamp((long) rounded, least, greatest);
  }
}
