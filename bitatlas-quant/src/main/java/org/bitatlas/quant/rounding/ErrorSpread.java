package org.bitatlas.quant.rounding;

import org.bitatlas.tensor.NativeRuntime;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

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
   * Columns after the block -= factors * M[block, after]: fp32 products of libtorch on one thread.
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
    if (start + width >= columns) {
      return;
    }
    NativeRuntime.useSingleThread();
    try (TensorScope _ = TensorScope.open()) {
      Tensor left = Tensor.fromRows(factors, 0, stride, count, width);
      for (int from = start + width; from < columns; from += COLUMN_CHUNK) {
        int length = Math.min(COLUMN_CHUNK, columns - from);
        float[] product = product(left, matrix, start * columns + from, columns, length);
        for (int row = 0; row < count; row++) {
          int target = workAt + row * columns + from;
          int source = row * length;
          for (int j = 0; j < length; j++) {
            work[target + j] -= product[source + j];
          }
        }
      }
    }
  }

  private static float[] product(Tensor left, float[] matrix, int at, int columns, int length) {
    try (TensorScope _ = TensorScope.open()) {
      Tensor right = Tensor.fromRows(matrix, at, columns, (int) left.size(1), length);
      return left.matmul(right).toFloats();
    }
  }
}
