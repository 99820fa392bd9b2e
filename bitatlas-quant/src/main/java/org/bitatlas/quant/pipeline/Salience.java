package org.bitatlas.quant.pipeline;

import java.util.Arrays;

/**
 * How concentrated the importance of a layer's columns is. The importance of column k is G[k][k]
 * times the sum of W[n][k]^2 over the rows: what the output loses, in the mean square, without it.
 */
final class Salience {

  private static final double TOP = 0.01;

  private Salience() {}

  /**
   * The share of all importance that the top 1 % of the columns (at least one) hold; 0 when no
   * column matters.
   *
   * @param weight W [N x K], row-major
   * @param diagonal [K] of the Gram matrix of the inputs, up to a factor
   */
  static double topShare(float[] weight, double[] diagonal) {
    int columns = diagonal.length;
    double[] importance = new double[columns];
    for (int at = 0; at < weight.length; at += columns) {
      for (int k = 0; k < columns; k++) {
        importance[k] += (double) weight[at + k] * weight[at + k];
      }
    }
    for (int k = 0; k < columns; k++) {
      importance[k] *= diagonal[k];
    }
    Arrays.sort(importance);
    int top = Math.max(1, (int) Math.ceil(TOP * columns));
    double all = 0;
    double held = 0;
    for (int k = 0; k < columns; k++) {
      all += importance[k];
      held += k >= columns - top ? importance[k] : 0;
    }
    return all == 0 ? 0 : held / all;
  }
}
