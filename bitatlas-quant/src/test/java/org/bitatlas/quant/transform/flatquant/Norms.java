package org.bitatlas.quant.transform.flatquant;

import static org.assertj.core.api.Assertions.assertThat;

/** Comparisons of arrays of numbers. */
final class Norms {

  private Norms() {}

  /** Norm of the difference over norm of {@code expected}. */
  static double relativeError(float[] found, float[] expected) {
    assertThat(found).hasSameSizeAs(expected);
    double error = 0;
    double whole = 0;
    for (int i = 0; i < expected.length; i++) {
      double difference = (double) found[i] - expected[i];
      error += difference * difference;
      whole += (double) expected[i] * expected[i];
    }
    return error == 0 ? 0 : Math.sqrt(error / whole);
  }

  static double meanSquaredError(float[] found, float[] expected) {
    assertThat(found).hasSameSizeAs(expected);
    double sum = 0;
    for (int i = 0; i < expected.length; i++) {
      double difference = (double) found[i] - expected[i];
      sum += difference * difference;
    }
    return sum / expected.length;
  }
}
