package org.bitatlas.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class TokenSamplerTest {

  /** Probabilities 0.5, 0.25, 0.125, 0.125. */
  private static final float[] LOGITS = {
    (float) Math.log(0.125), (float) Math.log(0.5), (float) Math.log(0.25), (float) Math.log(0.125)
  };

  private static double[] frequencies(Sampling.Random sampling, int draws) {
    TokenSampler sampler = new TokenSampler(sampling);
    double[] counts = new double[LOGITS.length];
    for (int i = 0; i < draws; i++) {
      counts[sampler.choose(LOGITS).orElseThrow()] += 1.0 / draws;
    }
    return counts;
  }

  @Test
  void drawsWithTheProbabilitiesOfTheSoftmax() {
    double[] plain = frequencies(new Sampling.Random(1, 0, 1, 3), 40_000);
    assertThat(plain).containsExactly(new double[] {0.125, 0.5, 0.25, 0.125}, within(0.01));
  }

  @Test
  void temperatureSharpens() {
    double[] sharp = frequencies(new Sampling.Random(0.5, 0, 1, 3), 40_000);
    double total = 0.25 + 0.0625 + 2 * 0.015625;
    assertThat(sharp[1]).isCloseTo(0.25 / total, within(0.01));
  }

  @Test
  void topKKeepsTheMostProbableAndTheLowestIdOfATie() {
    double[] three = frequencies(new Sampling.Random(1, 3, 1, 3), 40_000);
    assertThat(three).containsExactly(new double[] {1 / 7.0, 4 / 7.0, 2 / 7.0, 0}, within(0.01));
  }

  @Test
  void topPKeepsTheSmallestSufficientSet() {
    double[] two = frequencies(new Sampling.Random(1, 0, 0.7, 3), 40_000);
    assertThat(two).containsExactly(new double[] {0, 2 / 3.0, 1 / 3.0, 0}, within(0.01));
    double[] one = frequencies(new Sampling.Random(1, 0, 0.3, 3), 100);
    assertThat(one[1]).isCloseTo(1, within(1e-9));
  }

  @Test
  void logitsThatAreNotFiniteGiveNoToken() {
    TokenSampler sampler = new TokenSampler(new Sampling.Random(1, 0, 1, 3));
    assertThat(sampler.choose(new float[] {0, Float.NaN})).isEqualTo(OptionalInt.empty());
    assertThat(sampler.choose(new float[] {0, Float.POSITIVE_INFINITY})).isEmpty();
    assertThat(sampler.choose(new float[] {Float.NEGATIVE_INFINITY})).isEmpty();
    assertThat(sampler.choose(new float[] {Float.NEGATIVE_INFINITY, 0})).hasValue(1);
  }
}
