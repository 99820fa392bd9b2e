package org.bitatlas.quant.rounding;

import java.util.SplittableRandom;
import org.bitatlas.scheme.GridLinear;

/**
 * Correlated inputs of a layer in the float model and, drifted, behind quantized blocks.
 *
 * @param exact X_float [tokens x K]
 * @param drifted X [tokens x K]
 */
record Drifted(int columns, double[][] exact, double[][] drifted) {

  static Drifted of(int columns, int tokens, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[][] exact = new double[tokens][columns];
    double[][] drifted = new double[tokens][columns];
    for (int token = 0; token < tokens; token++) {
      double common = random.nextGaussian();
      double drift = 0.1 * random.nextGaussian();
      for (int k = 0; k < columns; k++) {
        exact[token][k] = (common + random.nextGaussian()) * (1 + k % 5);
        drifted[token][k] = 0.9 * exact[token][k] + drift + 0.05 * random.nextGaussian();
      }
    }
    return new Drifted(columns, exact, drifted);
  }

  double[] hessian() {
    return product(false);
  }

  double[] drift() {
    return product(true);
  }

  private double[] product(boolean difference) {
    double[] sum = new double[columns * columns];
    for (int token = 0; token < exact.length; token++) {
      double[] x = drifted[token];
      for (int i = 0; i < columns; i++) {
        double left = difference ? exact[token][i] - x[i] : x[i];
        for (int j = 0; j < columns; j++) {
          sum[i * columns + j] += left * x[j];
        }
      }
    }
    return sum;
  }

  /** |W X_float - Q X|^2. */
  double outputError(float[] weight, GridLinear linear) {
    float[] quantized = linear.dequantize();
    double error = 0;
    for (int token = 0; token < exact.length; token++) {
      for (int row = 0; row < linear.outputFeatures(); row++) {
        double difference = 0;
        for (int k = 0; k < columns; k++) {
          int at = row * columns + k;
          difference += weight[at] * exact[token][k] - quantized[at] * drifted[token][k];
        }
        error += difference * difference;
      }
    }
    return error;
  }
}
