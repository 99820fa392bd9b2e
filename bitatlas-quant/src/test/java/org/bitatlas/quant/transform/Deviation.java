package org.bitatlas.quant.transform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/** How far values are from golden ones. */
final class Deviation {

  private Deviation() {}

  /** Every element within a fraction of the golden one. */
  static void assertClose(String what, float[] found, float[] expected, double relative) {
    assertThat(found).hasSameSizeAs(expected);
    for (int i = 0; i < expected.length; i++) {
      assertThat(found[i])
          .as("%s element %d", what, i)
          .isCloseTo(expected[i], within((float) (relative * Math.abs(expected[i]))));
    }
  }

  static double greatestDifference(float[] found, float[] expected) {
    assertThat(found).hasSameSizeAs(expected);
    double greatest = 0;
    for (int i = 0; i < expected.length; i++) {
      greatest = Math.max(greatest, Math.abs((double) found[i] - expected[i]));
    }
    return greatest;
  }

  /** Largest magnitude. */
  static double greatest(float[] values) {
    return greatestDifference(new float[values.length], values);
  }

  static double meanSquare(float[] found, float[] expected) {
    assertThat(found).hasSameSizeAs(expected);
    double sum = 0;
    for (int i = 0; i < expected.length; i++) {
      double difference = (double) found[i] - expected[i];
      sum += difference * difference;
    }
    return sum / expected.length;
  }

  /** Fraction of elements that differ by more than {@code relative} times the largest one. */
  static double fractionDiffering(float[] found, float[] expected, double relative) {
    assertThat(found).hasSameSizeAs(expected);
    double limit = relative * greatest(expected);
    int differing = 0;
    for (int i = 0; i < expected.length; i++) {
      differing += Math.abs(found[i] - expected[i]) <= limit ? 0 : 1;
    }
    return (double) differing / expected.length;
  }
}
