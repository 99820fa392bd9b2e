package org.bitatlas.quant.rounding;

import org.bitatlas.tensor.NativeRuntime;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * P of GPTAQ (Li et al. 2025, equation 17): what a column's own weight, times the drift of its
 * input, asks of the columns after it.
 *
 * @param upper P [K x K], row-major, in sweep order, zeros on and below the diagonal
 */
public record DriftCorrection(float[] upper) {

  private static final int ROW_TILE = 128;

  /**
   * P = alpha * triu(D U^T, 1) U.
   *
   * @param drift D = 2 / n * sum over tokens of (x_float - x) x^T [K x K], natural order, n as in
   *     the H of the factor
   * @param factor U of the inputs x
   * @param alpha weight of the correction
   */
  public static DriftCorrection of(
      double[] drift, InverseFactor factor, double alpha, Tiles tiles) {
    int size = factor.size();
    if (drift.length != size * size) {
      throw new IllegalArgumentException(
          drift.length + " values of D for a factor of " + size + " columns");
    }
    float[] upper = new float[size * size];
    try (TensorScope _ = TensorScope.open()) {
      Tensor inverse = Tensor.from(factor.upper(), size, size);
      tiles.forEach(
          (size + ROW_TILE - 1) / ROW_TILE,
          tile -> {
            int first = tile * ROW_TILE;
            int last = Math.min(first + ROW_TILE, size);
            fillRows(rows(drift, factor.order(), first, last), inverse, alpha, first, upper);
          });
    }
    return new DriftCorrection(upper);
  }

  /** Rows of P from {@code first} on, from their D[rows, first ..]; before it both are zero. */
  private static void fillRows(
      float[] drift, Tensor inverse, double alpha, int first, float[] upper) {
    NativeRuntime.useSingleThread();
    int size = (int) inverse.size(0);
    int width = size - first;
    int count = drift.length / width;
    try (TensorScope _ = TensorScope.open()) {
      Tensor corner = inverse.narrow(0, first, width).narrow(1, first, width);
      Tensor rows = Tensor.from(drift, count, width);
      float[] projected = rows.matmul(corner.transpose(0, 1)).toFloats();
      for (int i = 0; i < count; i++) {
        for (int j = 0; j < width; j++) {
          int at = i * width + j;
          projected[at] = j > i ? (float) (alpha * projected[at]) : 0;
        }
      }
      float[] product = Tensor.from(projected, count, width).matmul(corner).toFloats();
      for (int i = 0; i < count; i++) {
        int from = i + 1;
        System.arraycopy(
            product, i * width + from, upper, (first + i) * size + first + from, width - from);
      }
    }
  }

  /**
   * What the weights push onto the columns.
   *
   * @param weight W [N x K], natural order
   * @param rows N
   * @param order column at each sweep position
   * @return W P [N x K], in sweep order
   */
  float[] pushed(float[] weight, int rows, int[] order, Tiles tiles) {
    int size = order.length;
    float[] pushed = new float[weight.length];
    try (TensorScope _ = TensorScope.open()) {
      Tensor matrix = Tensor.from(upper, size, size);
      tiles.forEach(
          Math.ceilDiv(rows, ROW_TILE),
          tile -> {
            NativeRuntime.useSingleThread();
            int first = tile * ROW_TILE;
            int count = Math.min(ROW_TILE, rows - first);
            float[] ordered = new float[count * size];
            for (int i = 0; i < ordered.length; i++) {
              ordered[i] = weight[(first + i / size) * size + order[i % size]];
            }
            try (TensorScope _ = TensorScope.open()) {
              float[] product = Tensor.from(ordered, count, size).matmul(matrix).toFloats();
              System.arraycopy(product, 0, pushed, first * size, product.length);
            }
          });
    }
    return pushed;
  }

  /** D[first .. last, first ..] in sweep order. */
  private static float[] rows(double[] drift, int[] order, int first, int last) {
    int size = order.length;
    int width = size - first;
    float[] rows = new float[(last - first) * width];
    for (int i = first; i < last; i++) {
      int source = order[i] * size;
      int target = (i - first) * width;
      for (int j = 0; j < width; j++) {
        rows[target + j] = (float) drift[source + order[first + j]];
      }
    }
    return rows;
  }
}
