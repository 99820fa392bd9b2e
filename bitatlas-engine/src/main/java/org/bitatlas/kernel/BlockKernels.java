package org.bitatlas.kernel;

/**
 * What stands between the products of a decoder block, a row at a time in fp32: facade of a scalar
 * provider, the truth, and a vector provider that gives the same bits.
 */
public sealed interface BlockKernels permits ScalarBlockKernels, VectorBlockKernels {

  /** Chains of a sum of squares. */
  int CHAINS = 16;

  /** The provider that goes with row kernels. */
  static BlockKernels with(RowKernels rows) {
    return switch (rows) {
      case ScalarRowKernels _ -> new ScalarBlockKernels();
      case VectorRowKernels _ -> new VectorBlockKernels();
    };
  }

  /** target[i] += values[i]. */
  void add(float[] values, int from, int count, float[] target, int to);

  /**
   * Sum of squares: 16 chains of fused multiply-adds, one of every 16th value, added in pairs at
   * distance 8, 4, 2, 1.
   *
   * @param chains room for 16
   */
  float sumOfSquares(float[] values, int from, int count, float[] chains);

  /** target[i] = values[i] * factor * weight[i]. */
  void scale(
      float[] values, int from, int count, float factor, float[] weight, float[] target, int to);

  /** gate[i] = gate[i] * sigmoid(gate[i]) * up[i]. */
  void swiGlu(float[] gate, int from, float[] up, int first, int count);

  /**
   * Rotates a head x [d] in place: x[i] * cosine[i] + x[(i + d / 2) mod d] * sine[i], the second
   * product added by a fused multiply-add.
   *
   * @param tables cosines [d] and then sines [d]
   */
  void rotate(float[] heads, int from, int dimension, float[] tables);
}
