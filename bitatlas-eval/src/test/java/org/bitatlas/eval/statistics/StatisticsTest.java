package org.bitatlas.eval.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.hipparchus.distribution.continuous.NormalDistribution;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StatisticsTest {

  @ParameterizedTest
  // The first two are printed in Wilson's interval tables; the others are its closed form at the
  // ends.
  @CsvSource({
    "10, 20, 0.2992980, 0.7007020",
    "81, 263, 0.2553010, 0.3662014",
    "0, 10, 0, 0.2775328",
    "10, 10, 0.7224672, 1"
  })
  void wilsonInterval(int successes, int trials, double low, double high) {
    Interval interval = WilsonInterval.of(successes, trials, 0.95);
    assertThat(interval.low()).isCloseTo(low, within(2e-4));
    assertThat(interval.high()).isCloseTo(high, within(2e-4));
  }

  @Test
  void wilsonEndsSolveTheScoreEquation() {
    double z = new NormalDistribution().inverseCumulativeProbability(0.975);
    for (int trials : new int[] {1, 7, 200, 400}) {
      for (int successes = 1; successes < trials; successes += 1 + trials / 9) {
        Interval interval = WilsonInterval.of(successes, trials, 0.95);
        double observed = (double) successes / trials;
        for (double end : new double[] {interval.low(), interval.high()}) {
          double score = Math.abs(observed - end) / Math.sqrt(end * (1 - end) / trials);
          assertThat(score).isCloseTo(z, within(1e-9));
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0, 5, 0.0625",
    "0, 6, 0.03125",
    "2, 8, 0.109375",
    "3, 10, 0.09228515625",
    "0, 0, 1",
    "8, 2, 0.109375"
  })
  void mcNemarExact(int lost, int gained, double expected) {
    assertThat(McNemarTest.exact(lost, gained)).isCloseTo(expected, within(1e-12));
  }

  @Test
  void standardErrors() {
    double first = StandardError.ofProportion(60, 100);
    double second = StandardError.ofProportion(10, 40);
    assertThat(first).isCloseTo(0.04923659639173308, within(1e-15));
    assertThat(second).isCloseTo(0.06933752452815363, within(1e-15));
    assertThat(StandardError.pooled(new double[] {first, second}, new int[] {100, 40}))
        .isCloseTo(0.040378642654362404, within(1e-15));
    assertThat(StandardError.ofProportion(1, 1)).isZero();
  }

  @ParameterizedTest
  // Flip rate and items of HellaSwag, HumanEval and GPQA diamond; effect in points.
  @CsvSource({"0.01, 10042, 0.28", "0.05, 164, 4.9", "0.10, 198, 6.3"})
  void minimumDetectableEffect(double flips, int items, double points) {
    assertThat(100 * MinimumDetectableEffect.of(flips, items)).isCloseTo(points, within(0.05));
  }

  @Test
  void pairedCountsOfVerdicts() {
    PairedCounts counts =
        PairedCounts.of(
            new boolean[] {true, true, false, false, true},
            new boolean[] {true, false, true, false, false});
    assertThat(counts).isEqualTo(new PairedCounts(1, 2, 1, 1));
    assertThat(counts.difference()).isEqualTo(-0.2);
    assertThat(counts.flips()).isEqualTo(0.6);
  }

  @Test
  void tangoEndsSolveTheScoreEquation() {
    double z = new NormalDistribution().inverseCumulativeProbability(0.975);
    for (PairedCounts counts :
        new PairedCounts[] {
          new PairedCounts(36, 2, 12, 0),
          new PairedCounts(90, 5, 0, 5),
          new PairedCounts(1, 1, 1, 1),
          new PairedCounts(0, 10, 0, 0)
        }) {
      Interval interval = TangoInterval.of(counts, 0.95);
      if (interval.low() > -1 + 1e-9) {
        assertThat(TangoInterval.score(counts, interval.low())).isCloseTo(z, within(1e-6));
      }
      assertThat(TangoInterval.score(counts, interval.high())).isCloseTo(-z, within(1e-6));
      assertThat(counts.difference()).isBetween(interval.low(), interval.high());
    }
  }

  // Airway hyper-responsiveness, Fagerland, Lydersen and Laake 2014 (Statistics in Medicine 33,
  // 2850-2875): counts 1, 1, 7, 12.
  @Test
  void tangoIntervalOfThePublishedExample() {
    Interval interval = TangoInterval.of(new PairedCounts(1, 7, 1, 12), 0.95);
    assertThat(interval.low()).isCloseTo(-0.517, within(5e-4));
    assertThat(interval.high()).isCloseTo(-0.026, within(5e-4));
  }

  @Test
  void tangoIntervalWithoutDiscordantItemsHasTheClosedForm() {
    double z = new NormalDistribution().inverseCumulativeProbability(0.975);
    Interval interval = TangoInterval.of(new PairedCounts(300, 0, 0, 100), 0.95);
    assertThat(interval.high()).isCloseTo(z * z / (400 + z * z), within(1e-9));
    assertThat(interval.low()).isCloseTo(-interval.high(), within(1e-9));
  }

  @Test
  void tangoIntervalMirrorsWhenTheModelsChangePlaces() {
    Interval interval = TangoInterval.of(new PairedCounts(200, 13, 4, 83), 0.9);
    Interval mirrored = TangoInterval.of(new PairedCounts(200, 4, 13, 83), 0.9);
    assertThat(mirrored.low()).isCloseTo(-interval.high(), within(1e-12));
    assertThat(mirrored.high()).isCloseTo(-interval.low(), within(1e-12));
  }

  // One-sided 95 % bounds miss a true difference in about 5 % of samples.
  @Test
  void nonInferiorityBoundKeepsItsLevel() {
    SplittableRandom random = new SplittableRandom(3);
    int misses = 0;
    int trials = 4000;
    for (int trial = 0; trial < trials; trial++) {
      int lost = 0;
      int gained = 0;
      for (int item = 0; item < 300; item++) {
        double u = random.nextDouble();
        lost += u < 0.05 ? 1 : 0;
        gained += u >= 0.05 && u < 0.07 ? 1 : 0;
      }
      PairedCounts counts = new PairedCounts(300 - lost - gained, lost, gained, 0);
      misses += NonInferiority.bounds(counts).low() > -0.03 ? 1 : 0;
    }
    assertThat((double) misses / trials).isBetween(0.03, 0.065);
  }

  @Test
  void verdicts() {
    assertThat(NonInferiority.verdict(new Interval(-0.009, 0.02), 0.01))
        .isEqualTo(Verdict.NON_INFERIOR);
    assertThat(NonInferiority.verdict(new Interval(-0.009, -0.001), 0.01))
        .as("a small but real loss inside the margin")
        .isEqualTo(Verdict.NON_INFERIOR);
    assertThat(NonInferiority.verdict(new Interval(-0.01, 0.02), 0.01))
        .as("the bound must be strictly inside")
        .isEqualTo(Verdict.INCONCLUSIVE);
    assertThat(NonInferiority.verdict(new Interval(-0.05, -0.001), 0.01)).isEqualTo(Verdict.WORSE);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> NonInferiority.verdict(new Interval(0, 0), 0));
  }

  @Test
  void divergenceRefusesNumbersThatAreNotFinite() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> KlDivergence.of(new float[] {0, Float.NaN}, new float[] {0, 1}));
  }
}
