package org.bitatlas.quant.pipeline;

import java.util.Arrays;
import java.util.Optional;
import org.bitatlas.quant.rounding.Tiles;
import org.bitatlas.tensor.NativeRuntime;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/** Measures what quantization did to a weight: see {@link LayerError}. */
final class ErrorMeter {

  private static final int ROW_TILE = 64;

  private final Tiles tiles;

  ErrorMeter(Tiles tiles) {
    this.tiles = tiles;
  }

  /** Sum of squares of W - Q over sum of squares of W. */
  static double weightError(float[] weight, float[] quantized) {
    double error = 0;
    double whole = 0;
    for (int i = 0; i < weight.length; i++) {
      double difference = (double) weight[i] - quantized[i];
      error += difference * difference;
      whole += (double) weight[i] * weight[i];
    }
    return ratio(error, whole);
  }

  /**
   * tr(D G D^T) / tr(W G W^T), D = W - Q.
   *
   * @param gram G [K x K] up to a factor; empty gives NaN
   */
  double outputError(float[] weight, float[] quantized, int columns, Optional<double[]> gram) {
    if (gram.isEmpty()) {
      return Double.NaN;
    }
    float[] difference = new float[weight.length];
    for (int i = 0; i < weight.length; i++) {
      difference[i] = weight[i] - quantized[i];
    }
    float[] single = new float[gram.get().length];
    for (int i = 0; i < single.length; i++) {
      single[i] = (float) gram.get()[i];
    }
    try (TensorScope _ = TensorScope.open()) {
      Tensor matrix = Tensor.from(single, columns, columns);
      return ratio(trace(difference, matrix, columns), trace(weight, matrix, columns));
    }
  }

  private static double ratio(double error, double whole) {
    return error == 0 ? 0 : error / whole;
  }

  /** tr(M G M^T): products in fp32, sums in fp64 in tile order. */
  private double trace(float[] matrix, Tensor gram, int columns) {
    int rows = matrix.length / columns;
    double[] sum = {0};
    tiles.<Double>mapInOrder(
        (rows + ROW_TILE - 1) / ROW_TILE,
        tile -> {
          int first = tile * ROW_TILE;
          return partialTrace(matrix, first, Math.min(first + ROW_TILE, rows), gram, columns);
        },
        partial -> sum[0] += partial);
    return sum[0];
  }

  private static double partialTrace(
      float[] matrix, int first, int last, Tensor gram, int columns) {
    NativeRuntime.useSingleThread();
    float[] rows = Arrays.copyOfRange(matrix, first * columns, last * columns);
    try (TensorScope _ = TensorScope.open()) {
      float[] products = Tensor.from(rows, last - first, columns).matmul(gram).toFloats();
      double sum = 0;
      for (int i = 0; i < rows.length; i++) {
        sum += (double) rows[i] * products[i];
      }
      return sum;
    }
  }
}
