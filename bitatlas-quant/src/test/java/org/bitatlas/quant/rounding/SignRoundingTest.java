package org.bitatlas.quant.rounding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.bitatlas.scheme.MixedGroupLinear;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SignRoundingTest {

  private final Tiles tiles = new Tiles(2);

  @AfterEach
  void stop() {
    tiles.close();
  }

  @Test
  void weightsBecomeTheirMeanPlusOrMinusTheMeanDistance() {
    float[] weight = {1, 2, 3, 6, -1, -1, -1, -1};
    MixedGroupLinear linear = SignRounding.round(weight, 2, 4, 0, tiles);

    assertThat(linear.dequantize()).containsExactly(1.5f, 1.5f, 4.5f, 4.5f, -1, -1, -1, -1);
    assertThat(linear.nominalBits()).isEqualTo(1);
  }

  @Test
  void groupsHaveTheirOwnMeanTheLastOneBeingShorter() {
    int columns = 70;
    float[] weight = ColumnSweepTest.normal(5 * columns, 1);
    float[] found = SignRounding.round(weight, 5, columns, 32, tiles).dequantize();
    for (int row = 0; row < 5; row++) {
      for (int from = 0; from < columns; from += 32) {
        int to = Math.min(from + 32, columns);
        double mean = 0;
        double distance = 0;
        for (int k = from; k < to; k++) {
          mean += weight[row * columns + k] / (to - from);
        }
        for (int k = from; k < to; k++) {
          distance += Math.abs(weight[row * columns + k] - mean) / (to - from);
        }
        for (int k = from; k < to; k++) {
          double expected = mean + Math.signum(weight[row * columns + k] - mean) * distance;
          assertThat((double) found[row * columns + k]).isCloseTo(expected, within(1e-5));
        }
      }
    }
  }

  @Test
  void resultsDoNotDependOnTheNumberOfThreads() {
    float[] weight = ColumnSweepTest.normal(100 * 50, 2);
    try (Tiles one = new Tiles(1)) {
      assertThat(SignRounding.round(weight, 100, 50, 16, one))
          .isEqualTo(SignRounding.round(weight, 100, 50, 16, tiles));
    }
  }

  @Test
  void noOtherPairAroundTheMeanIsNearer() {
    float[] weight = ColumnSweepTest.normal(64, 3);
    MixedGroupLinear linear = SignRounding.round(weight, 1, 64, 0, tiles);
    double best = error(weight, linear.offsets()[0], linear.scales()[0]);

    for (double factor = 0.5; factor < 1.5; factor += 0.01) {
      assertThat(error(weight, linear.offsets()[0], factor * linear.scales()[0]))
          .isGreaterThanOrEqualTo(best);
    }
  }

  private static double error(float[] weight, double mean, double scale) {
    double error = 0;
    for (float value : weight) {
      error += Math.pow(Math.abs(value - mean) - scale, 2);
    }
    return error;
  }
}
