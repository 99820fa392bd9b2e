package org.bitatlas.kernel;

/**
 * Activations rounded to integers: x[m][k] is scale[m] * code[m][k], codes counted from the zero
 * point (so of a symmetric grid -128 .. 127, of an asymmetric one -255 .. 255). Filled by {@link
 * RowKernels#quantize}; made once and used again for every call.
 */
public final class ActivationCodes {

  /** Codes after a row that kernels may read and multiply by 0. */
  private static final int PADDING = 16;

  private final int columns;
  private final int maxRows;
  private final short[] codes;
  private final float[] scales;
  private final int[] least;
  private final ActivationRange range = new ActivationRange();
  private int rows;
  private boolean wide;

  /**
   * Room for quantized activations.
   *
   * @param maxRows most rows M
   * @param columns K
   */
  public ActivationCodes(int maxRows, int columns) {
    this.columns = columns;
    this.maxRows = maxRows;
    this.codes = new short[Math.multiplyExact(maxRows, stride(columns))];
    this.scales = new float[maxRows];
    this.least = new int[maxRows];
  }

  /** Distance between the first codes of two rows of K columns. */
  static int stride(int columns) {
    return columns + PADDING;
  }

  /** Begins anew with rows to be filled. */
  void begin(int newRows) {
    if (newRows < 1 || newRows > maxRows) {
      throw new IllegalArgumentException(newRows + " rows, room for 1 to " + maxRows);
    }
    rows = newRows;
    wide = false;
  }

  /** Becomes rows of others. */
  void take(ActivationCodes other, int first, int count) {
    begin(count);
    int stride = stride(columns);
    System.arraycopy(other.codes, first * stride, codes, 0, count * stride);
    System.arraycopy(other.scales, first, scales, 0, count);
    System.arraycopy(other.least, first, least, 0, count);
    wide = other.wide;
  }

  /** The grid of the row that is being filled. */
  ActivationRange range() {
    return range;
  }

  /** Gives a row the scale of {@link #range()}. */
  void setScale(int row) {
    scales[row] = range.scale();
    least[row] = (int) range.least();
    wide |= range.least() < Byte.MIN_VALUE || range.greatest() > Byte.MAX_VALUE;
  }

  /** Most rows. */
  int maxRows() {
    return maxRows;
  }

  /** Number of rows M. */
  public int rows() {
    return rows;
  }

  /** Number of columns K. */
  public int columns() {
    return columns;
  }

  /** Code of an activation. */
  public int code(int row, int column) {
    return codes[row * stride(columns) + column];
  }

  /** Scale of a row; not a number where an activation of the row is not. */
  public float scale(int row) {
    return scales[row];
  }

  /** Lowest code a row may have. */
  int least(int row) {
    return least[row];
  }

  /** Whether a code may leave the range of a signed byte. */
  boolean wide() {
    return wide;
  }

  /** [M x stride]. */
  short[] codes() {
    return codes;
  }
}
