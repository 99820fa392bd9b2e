package org.bitatlas.quant.transform;

import java.util.Arrays;
import org.bitatlas.quant.rounding.Tiles;
import org.bitatlas.tensor.NativeRuntime;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * The error of a linear layer's own output, from the Gram matrix of its inputs: the sum over tokens
 * of |D x|^2 is tr(D G D^T), D = W - W'. Exact, and the tokens are not needed again. Products are
 * fp32, sums fp64 in the order of the rows.
 */
final class GramError implements OutputError {

  private static final int ROW_TILE = 64;

  private final float[] weight;
  private final int columns;
  private final float[] gram;
  private final long tokens;
  private final Tiles tiles;

  /**
   * An error measure.
   *
   * @param weight W [N x K]
   * @param gram G = sum over tokens of x x^T [K x K]
   * @param tokens number of tokens
   */
  GramError(float[] weight, float[] gram, long tokens, Tiles tiles) {
    this.weight = weight;
    this.columns = (int) Math.round(Math.sqrt(gram.length));
    this.gram = gram;
    this.tokens = tokens;
    this.tiles = tiles;
  }

  @Override
  public double of(float[] weights) {
    int rows = weight.length / columns;
    double[] sum = {0};
    try (TensorScope _ = TensorScope.open()) {
      Tensor matrix = Tensor.from(gram, columns, columns);
      tiles.<Double>mapInOrder(
          (rows + ROW_TILE - 1) / ROW_TILE,
          tile -> {
            int first = tile * ROW_TILE;
            return trace(weights, first, Math.min(first + ROW_TILE, rows), matrix);
          },
          partial -> sum[0] += partial);
    }
    return sum[0] / ((double) tokens * rows);
  }

  private double trace(float[] weights, int first, int last, Tensor matrix) {
    NativeRuntime.useSingleThread();
    float[] difference = Arrays.copyOfRange(weight, first * columns, last * columns);
    for (int i = 0; i < difference.length; i++) {
      difference[i] -= weights[first * columns + i];
    }
    try (TensorScope _ = TensorScope.open()) {
      float[] products = Tensor.from(difference, last - first, columns).matmul(matrix).toFloats();
      double sum = 0;
      for (int i = 0; i < difference.length; i++) {
        sum += (double) difference[i] * products[i];
      }
      return sum;
    }
  }
}
