package org.bitatlas.study.findings;

import java.util.List;
import org.bitatlas.eval.SampleRecord;
import org.bitatlas.eval.statistics.Clusters;
import org.bitatlas.study.map.ItemPairs;
import org.hipparchus.distribution.continuous.NormalDistribution;

/**
 * Whether a cell's accuracy is below a share of float's: with x the items right and y those of
 * float, the mean of x - share y over the items is below 0 (Fieller's linear form of a ratio), one
 * item's answers and those of its cluster together.
 */
final class RatioTest {
  private RatioTest() {}

  /** One-sided p-value of "below"; 1 where the items are not the same. */
  static double below(Setting setting, int column, double share) {
    List<SampleRecord> base = setting.floats().get(column).samples();
    return ItemPairs.of(base, setting.cell(column).samples())
        .map(pairs -> below(pairs, share))
        .orElse(1.0);
  }

  private static double below(ItemPairs pairs, double share) {
    double[] before = ItemPairs.scores(pairs.first());
    double[] after = ItemPairs.scores(pairs.second());
    Clusters clusters = pairs.clusters();
    double[] sums = new double[clusters.count()];
    double total = 0;
    for (int i = 0; i < before.length; i++) {
      double change = after[i] - share * before[i];
      sums[clusters.ofItem()[i]] += change;
      total += change;
    }
    double squares = 0;
    for (double sum : sums) {
      double deviation = sum - total / sums.length;
      squares += deviation * deviation;
    }
    return squares == 0
        ? total < 0 ? 0 : 1
        : new NormalDistribution().cumulativeProbability(total / Math.sqrt(squares));
  }
}
