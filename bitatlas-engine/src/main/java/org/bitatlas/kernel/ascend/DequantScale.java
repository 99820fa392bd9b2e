package org.bitatlas.kernel.ascend;

/**
 * The forms of {@code deq_scale}. For fp16 models it is an int64 that holds the pattern of a float,
 * of which the hardware reads 19 bits: sign, 8 of exponent, 10 of fraction.
 */
public final class DequantScale {

  private static final int READ = 0xFFFFE000;
  private static final int DROPPED_BITS = 13;
  private static final long SCALE_FLAG = 1L << 46;
  private static final long UNSIGNED = 0xFFFFFFFFL;

  private DequantScale() {}

  /** What the hardware reads: the fraction cut to 10 bits, towards zero. */
  public static float truncated(float scale) {
    return Float.intBitsToFloat(Float.floatToRawIntBits(scale) & READ);
  }

  /**
   * The nearest value that {@link #truncated} keeps, ties to even: what an exporter stores so that
   * nothing is cut off.
   */
  public static float rounded(float scale) {
    int bits = Float.floatToRawIntBits(scale);
    int half = (1 << (DROPPED_BITS - 1)) - 1;
    return Float.intBitsToFloat((bits + half + (bits >>> DROPPED_BITS & 1)) & READ);
  }

  /** As ModelSlim stores it for fp16 models: the pattern as a signed number. */
  public static long stored(float scale) {
    return Float.floatToRawIntBits(scale);
  }

  /** As {@code npu_trans_quant_param} makes it: the cut pattern, with bit 46 set. */
  public static long transformed(float scale) {
    return Float.floatToRawIntBits(truncated(scale)) & UNSIGNED | SCALE_FLAG;
  }

  /** What the hardware multiplies by, of any of these forms. */
  public static float read(long pattern) {
    return Float.intBitsToFloat((int) pattern & READ);
  }
}
