package org.bitatlas.quant.transform;

import org.bitatlas.quant.rounding.Tiles;
import org.bitatlas.tensor.NativeRuntime;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * Sum of x x^T over tokens. A batch is multiplied panel by panel, right of the diagonal only, so
 * that no second matrix of that size is needed. Products are fp32, sums fp64 in the order of the
 * batches.
 */
final class GramSum {

  private static final int PANEL = 256;

  private final int columns;
  private final double[] sum;

  GramSum(int columns) {
    this.columns = columns;
    this.sum = new double[Math.multiplyExact(columns, columns)];
  }

  /**
   * Adds a batch.
   *
   * @param rows X [tokens x K]
   */
  void add(float[] rows, Tiles tiles) {
    try (TensorScope _ = TensorScope.open()) {
      Tensor inputs = Tensor.from(rows, rows.length / columns, columns);
      int[] panel = {0};
      tiles.mapInOrder(
          Math.ceilDiv(columns, PANEL),
          index -> product(inputs, index * PANEL),
          product -> add(panel[0]++ * PANEL, product));
    }
  }

  /** Rows {@code from ..} of X^T X, right of column {@code from}. */
  private float[] product(Tensor inputs, int from) {
    NativeRuntime.useSingleThread();
    int width = Math.min(PANEL, columns - from);
    try (TensorScope _ = TensorScope.open()) {
      Tensor left = inputs.narrow(1, from, width).transpose(0, 1);
      return left.matmul(inputs.narrow(1, from, columns - (long) from)).toFloats();
    }
  }

  private void add(int from, float[] product) {
    int width = columns - from;
    for (int at = 0, target = from * columns + from; at < product.length; target += columns) {
      for (int k = 0; k < width; k++) {
        sum[target + k] += product[at + k];
      }
      at += width;
    }
  }

  /** The matrix [K x K]. */
  float[] matrix() {
    float[] matrix = new float[sum.length];
    for (int row = 0; row < columns; row++) {
      for (int column = row; column < columns; column++) {
        float value = (float) sum[row * columns + column];
        matrix[row * columns + column] = value;
        matrix[column * columns + row] = value;
      }
    }
    return matrix;
  }
}
