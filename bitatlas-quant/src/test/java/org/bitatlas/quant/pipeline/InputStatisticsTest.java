package org.bitatlas.quant.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.Test;

class InputStatisticsTest {

  private static InputStatistics of(float[] values, long... shape) {
    try (TensorScope _ = TensorScope.open()) {
      return InputStatistics.of(Tensor.from(values, shape));
    }
  }

  /**
   * Rows (1, -2, 0) and (3, 4, 0): mean 1; deviations 0, -3, -1, 2, 3, -1, so variance 24/6 = 4 and
   * fourth moment (81 + 1 + 16 + 81 + 1) / 6 = 30; kurtosis 30/16. Mean square 30/6 = 5. Token
   * maxima 2 and 4: mean 3, deviation 1.
   */
  @Test
  void handComputedValues() {
    InputStatistics statistics = of(new float[] {1, -2, 0, 3, 4, 0}, 1, 2, 3);

    assertThat(statistics.tokens()).isEqualTo(2);
    assertThat(statistics.minimum()).containsExactly(1, -2, 0);
    assertThat(statistics.maximum()).containsExactly(3, 4, 0);
    assertThat(statistics.absoluteMaximum()).containsExactly(3, 4, 0);
    assertThat(statistics.absoluteMean()).containsExactly(2, 3, 0);
    assertThat(statistics.maximumOverRms()).isEqualTo(4 / Math.sqrt(5));
    LayerReport.Inputs profile = statistics.profile();
    assertThat(profile.kurtosis()).isCloseTo(30 / 16.0, within(1e-12));
    assertThat(profile.minimum()).isEqualTo(-2);
    assertThat(profile.maximum()).isEqualTo(4);
    assertThat(profile.tokenMaximumMean()).isEqualTo(3);
    assertThat(profile.tokenMaximumSpread()).isCloseTo(1 / 3.0, within(1e-12));
    assertThat(profile.deadChannels()).isEqualTo(1);
    assertThat(profile.nonFinite()).isZero();
  }

  /** One channel of K that is not 0 has kurtosis about K and maximum over RMS sqrt(K). */
  @Test
  void outliersStandOut() {
    int channels = 64;
    float[] values = new float[32 * channels];
    for (int token = 0; token < 32; token++) {
      values[token * channels + 5] = token % 2 == 0 ? 7 : -7;
    }
    InputStatistics statistics = of(values, 32, channels);
    assertThat(statistics.maximumOverRms()).isCloseTo(8, within(1e-9));
    assertThat(statistics.moments().kurtosis()).isCloseTo(64, within(1e-9));
    assertThat(statistics.deadChannels()).isEqualTo(63);

    float[] normal = new float[200 * channels];
    Random random = new Random(1);
    for (int i = 0; i < normal.length; i++) {
      normal[i] = (float) (0.5 + 2 * random.nextGaussian());
    }
    assertThat(of(normal, 200, channels).moments().kurtosis()).isCloseTo(3, within(0.15));
  }

  /** 600 tokens of 1,000 channels are three chunks; the parts add up to the whole. */
  @Test
  void batchesMergeToTheWhole() {
    int channels = 1000;
    float[] values = new float[600 * channels];
    Random random = new Random(2);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    InputStatistics whole = of(values, 2, 300, channels);
    float[] first = Arrays.copyOf(values, 200 * channels);
    float[] second = Arrays.copyOfRange(values, 200 * channels, values.length);
    InputStatistics merged = of(first, 200, channels).merge(of(second, 400, channels));

    assertThat(merged.tokens()).isEqualTo(600).isEqualTo(whole.tokens());
    assertThat(merged.maximum()).isEqualTo(whole.maximum());
    assertThat(merged.minimum()).isEqualTo(whole.minimum());
    assertThat(merged.absoluteSum()[17]).isCloseTo(whole.absoluteSum()[17], within(1e-3));
    assertThat(merged.profile().kurtosis()).isCloseTo(whole.profile().kurtosis(), within(1e-5));
    double squares = 0;
    for (float value : values) {
      squares += (double) value * value;
    }
    assertThat(whole.moments().sumOfSquares()).isCloseTo(squares, within(1e-6 * squares));
    assertThatThrownBy(() -> merged.merge(of(new float[] {1}, 1, 1)))
        .hasMessageContaining("1 channels after 1000");
  }

  @Test
  void valuesThatAreNotFiniteAreCountedAndLeftOut() {
    InputStatistics statistics =
        of(new float[] {1, Float.NaN, 2, Float.NEGATIVE_INFINITY, 3, 4}, 3, 2);
    assertThat(statistics.nonFinite()).isEqualTo(2);
    assertThat(statistics.maximum()).containsExactly(3, 4);
    assertThat(statistics.minimum()).containsExactly(1, 0);
    assertThat(statistics.absoluteSum()).containsExactly(6, 4);
    assertThat(statistics.merge(statistics).nonFinite()).isEqualTo(4);
  }

  @Test
  void otherTypesAreWidened() {
    try (TensorScope _ = TensorScope.open()) {
      Tensor x = Tensor.from(new float[] {1, -2, 0.5f, 3}, 2, 2).to(ElementType.BF16);
      assertThat(InputStatistics.of(x).absoluteMean()).containsExactly(0.75, 2.5);
    }
    InputStatistics zeros = of(new float[4], 2, 2);
    assertThat(zeros.maximumOverRms()).isZero();
    assertThat(zeros.profile().kurtosis()).isZero();
    assertThat(zeros.profile().tokenMaximumSpread()).isZero();
  }
}
