package org.bitatlas.kernel.ascend;

/**
 * How {@code npu_weight_quant_batchmatmul} takes few rows (decoding): a row of activations becomes
 * integers of two digits, x / m is a / 127 + b / 32258 with m = max |x|, so that the integer cube
 * multiplies it with the codes of the weight. What is left of x is at most {@link #TOLERANCE} * m.
 *
 * <p>Digits are as in the source of the 8-bit kernel (ops-nn, weight_quant_batch_matmul_v2_msd):
 * division, factor 127, rounding half away from zero, remainder times 32258. How the sums of the
 * digits are put together is emulated within fp32 rounding, and the three digits of 4-bit weights
 * are emulated by these two and fp32: outputs agree within the tolerance only.
 */
public final class RowDigits {

  /** Most that a digit pair is off, as a part of the row's largest magnitude: half of 1 / 32258. */
  public static final float TOLERANCE = 0x1p-15f;

  private static final float FIRST = 127;
  private static final float SECOND = 127 * 254;

  /** Most rows of the kernels with one scale per output feature. */
  private static final int CHANNEL_ROWS = 64;

  private static final int ALIGNMENT = 32;
  private static final int GROUP_COLUMNS = 13_952;

  private RowDigits() {}

  /**
   * Whether a product with one scale per output feature goes this way.
   *
   * @param rows M
   * @param outputFeatures N
   * @param inputFeatures K
   */
  public static boolean perChannel(int rows, int outputFeatures, int inputFeatures) {
    return rows <= CHANNEL_ROWS
        && inputFeatures % ALIGNMENT == 0
        && outputFeatures % ALIGNMENT == 0;
  }

  /**
   * Whether a product with groups goes this way, outside deterministic mode.
   *
   * @param bits of the weight
   * @param groupSize g
   */
  public static boolean perGroup(int rows, int inputFeatures, int bits, int groupSize) {
    boolean size = groupSize == 64 || (bits <= 4 && groupSize == 128);
    return size && rows <= groupSize / 8 && inputFeatures <= GROUP_COLUMNS;
  }

  /**
   * A row as its two digits give it back.
   *
   * @param values x, {@code columns} of them that share a maximum, from {@code from} on; replaced
   */
  public static void round(float[] values, int from, int columns) {
    float maximum = 0;
    for (int k = 0; k < columns; k++) {
      maximum = Math.max(maximum, Math.abs(values[from + k]));
    }
    if (maximum == 0) {
      return;
    }
    for (int k = 0; k < columns; k++) {
      float part = values[from + k] / maximum;
      float first = away(part * FIRST);
      float second = away((part - first * (1 / FIRST)) * SECOND);
      values[from + k] = maximum * (first / FIRST + second / SECOND);
    }
  }

  /** Rounds to the nearest whole number, ties away from zero (CAST_ROUND). */
  static float away(float value) {
    float down = (float) Math.floor(Math.abs(value));
    float whole = Math.abs(value) - down >= 0.5f ? down + 1 : down;
    return Math.copySign(whole, value);
  }
}
