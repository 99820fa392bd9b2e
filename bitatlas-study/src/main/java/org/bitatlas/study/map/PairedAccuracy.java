package org.bitatlas.study.map;

import java.util.Arrays;
import org.bitatlas.eval.statistics.ClusteredBootstrap;
import org.bitatlas.eval.statistics.ClusteredError;
import org.bitatlas.eval.statistics.Clusters;
import org.bitatlas.eval.statistics.Interval;
import org.bitatlas.eval.statistics.McNemarTest;
import org.bitatlas.eval.statistics.MinimumDetectableEffect;
import org.bitatlas.eval.statistics.NonInferiority;
import org.bitatlas.eval.statistics.PairedCounts;
import org.bitatlas.eval.statistics.TangoInterval;
import org.bitatlas.eval.statistics.Verdict;
import org.bitatlas.study.map.Comparison.Ratio;
import org.bitatlas.study.map.Comparison.Significance;

/**
 * The comparison of accuracies. Items that stand alone are counted: Tango's interval, the exact
 * test. Where items belong together (clusters, repetitions, modes) whole clusters are drawn.
 */
final class PairedAccuracy {
  private static final long SEED = 1;
  private static final int RESAMPLES = 2000;

  private PairedAccuracy() {}

  /**
   * Compares the second model with the first.
   *
   * @param margin as a share of the items
   * @param noise difference of the first model to itself; NaN when not measured
   */
  static Comparison of(ItemPairs pairs, double margin, double noise) {
    PairedCounts counts = pairs.counts();
    Clusters clusters = pairs.clusters();
    double[] first = ItemPairs.scores(pairs.first());
    double[] second = ItemPairs.scores(pairs.second());
    ClusteredBootstrap drawn = ClusteredBootstrap.of(first, second, clusters, SEED, RESAMPLES);
    Interval bounds;
    Interval interval;
    double worse;
    double detectable;
    if (clusters.alone()) {
      bounds = NonInferiority.bounds(counts);
      interval = PairedItems.interval(counts);
      worse = McNemarTest.worse(counts.lost(), counts.gained());
      // No flip at all would promise that any difference is found.
      double flips = Math.max(counts.flips(), 1.0 / counts.items());
      detectable = MinimumDetectableEffect.of(flips, counts.items());
    } else {
      bounds = wider(drawn.interval(0.90), tango(counts, clusters, 0.90));
      interval = wider(drawn.interval(0.95), tango(counts, clusters, 0.95));
      boolean[] before = ItemPairs.right(pairs.first());
      boolean[] after = ItemPairs.right(pairs.second());
      worse = McNemarTest.worse(before, after, clusters);
      detectable = detectable(first, second, clusters);
    }
    Verdict alone = NonInferiority.verdict(bounds, margin);
    if (alone == Verdict.WORSE && worse >= Comparison.LEVEL) {
      alone = Verdict.INCONCLUSIVE;
    }
    Interval ratio = ratio(drawn, bounds, first);
    return new Comparison(
        alone,
        counts.difference(),
        interval.low(),
        interval.high(),
        counts.lost(),
        counts.gained(),
        pairs.churned(),
        PairedItems.pValue(counts),
        counts.items(),
        clusters.count(),
        margin,
        new Significance(alone, worse, worse, noise),
        new Ratio(drawn.ratio(), ratio.low(), ratio.high()),
        detectable);
  }

  /** Tango's interval; where nothing changed, that of as many items as there are clusters. */
  private static Interval tango(PairedCounts counts, Clusters clusters, double confidence) {
    boolean changed = counts.lost() + counts.gained() > 0;
    return TangoInterval.of(
        changed ? counts : new PairedCounts(clusters.count(), 0, 0, 0), confidence);
  }

  private static Interval wider(Interval one, Interval other) {
    return new Interval(Math.min(one.low(), other.low()), Math.max(one.high(), other.high()));
  }

  /** The bootstrap's, but no narrower than the bounds of the difference allow. */
  private static Interval ratio(ClusteredBootstrap drawn, Interval bounds, double[] first) {
    Interval ratio = drawn.ratioInterval(0.90);
    double accuracy = Arrays.stream(first).sum() / first.length;
    return Double.isNaN(ratio.low()) || accuracy == 0
        ? ratio
        : wider(ratio, new Interval(1 + bounds.low() / accuracy, 1 + bounds.high() / accuracy));
  }

  private static double detectable(double[] first, double[] second, Clusters clusters) {
    double[] changes = new double[first.length];
    for (int i = 0; i < changes.length; i++) {
      changes[i] = second[i] - first[i];
    }
    double error = ClusteredError.ofMean(changes, clusters);
    return MinimumDetectableEffect.of(Math.max(error, 1.0 / first.length));
  }
}
