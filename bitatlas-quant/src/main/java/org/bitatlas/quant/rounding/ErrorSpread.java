package org.bitatlas.quant.rounding;

import java.util.Arrays;

/**
 * The two updates of a column sweep: of the columns of the block at once, and of the columns after
 * it, gathered over the block.
 */
final class ErrorSpread {

  private static final int COLUMN_CHUNK = 1024;

  private ErrorSpread() {}

  /** target[j] -= factor * source[sourceAt + j] for from .. to - 1. */
  static void subtract(
      float[] target, int from, int to, float factor, float[] source, int sourceAt) {
    for (int j = from; j < to; j++) {
      target[j] -= factor * source[sourceAt + j];
    }
  }

  /**
   * Columns after the block -= factors * M[block, after], in chunks that stay in the cache.
   *
   * @param matrix M [K x K]
   * @param columns K
   * @param start first column of the block
   * @param width columns of the block
   * @param factors [count x stride], the first {@code width} of each row are used
   * @param work rows of K columns, from {@code workAt} on
   */
  static void subtractAfter(
      float[] matrix,
      int columns,
      int start,
      int width,
      float[] factors,
      int stride,
      int count,
      float[] work,
      int workAt) {
    float[] sums = new float[COLUMN_CHUNK];
    for (int from = start + width; from < columns; from += COLUMN_CHUNK) {
      int length = Math.min(COLUMN_CHUNK, columns - from);
      for (int r = 0; r < count; r++) {
        Arrays.fill(sums, 0, length, 0);
        int at = r * stride;
        int i = 0;
        for (; i + 4 <= width; i += 4) {
          addFour(sums, length, factors, at + i, matrix, (start + i) * columns + from, columns);
        }
        for (; i < width; i++) {
          subtract(sums, 0, length, -factors[at + i], matrix, (start + i) * columns + from);
        }
        int target = workAt + r * columns + from;
        for (int j = 0; j < length; j++) {
          work[target + j] -= sums[j];
        }
      }
    }
  }

  /** sums += the next four factors times the next four rows of the matrix. */
  private static void addFour(
      float[] sums,
      int length,
      float[] factors,
      int at,
      float[] matrix,
      int matrixAt,
      int columns) {
    float factor0 = factors[at];
    float factor1 = factors[at + 1];
    float factor2 = factors[at + 2];
    float factor3 = factors[at + 3];
    int row1 = matrixAt + columns;
    int row2 = row1 + columns;
    int row3 = row2 + columns;
    for (int j = 0; j < length; j++) {
      sums[j] +=
          factor0 * matrix[matrixAt + j]
              + factor1 * matrix[row1 + j]
              + factor2 * matrix[row2 + j]
              + factor3 * matrix[row3 + j];
    }
  }
}
