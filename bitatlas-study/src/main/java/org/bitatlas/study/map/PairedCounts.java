package org.bitatlas.study.map;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bitatlas.eval.SampleRecord;

/**
 * Paired verdicts of two models on the same items.
 *
 * @param items items both were asked
 * @param broken items the first has right and the second wrong (b)
 * @param repaired items the first has wrong and the second right (c)
 */
record PairedCounts(int items, int broken, int repaired) {
  private static final double NORMAL_975 = 1.959963984540054;
  private static final double NORMAL_95 = 1.6448536269514722;

  static final PairedCounts NONE = new PairedCounts(0, 0, 0);

  /** Counts over two lists of samples; empty unless both were asked exactly the same prompts. */
  static Optional<PairedCounts> of(List<SampleRecord> first, List<SampleRecord> second) {
    Map<Integer, SampleRecord> byIndex = new HashMap<>();
    first.forEach(sample -> byIndex.put(sample.index(), sample));
    if (first.isEmpty() || first.size() != second.size() || byIndex.size() != first.size()) {
      return Optional.empty();
    }
    int broken = 0;
    int repaired = 0;
    for (SampleRecord sample : second) {
      SampleRecord other = byIndex.get(sample.index());
      if (other == null || !other.promptDigest().equals(sample.promptDigest())) {
        return Optional.empty();
      }
      broken += other.correct() && !sample.correct() ? 1 : 0;
      repaired += !other.correct() && sample.correct() ? 1 : 0;
    }
    return Optional.of(new PairedCounts(second.size(), broken, repaired));
  }

  PairedCounts plus(PairedCounts other) {
    return new PairedCounts(items + other.items, broken + other.broken, repaired + other.repaired);
  }

  /** Accuracy of the second minus accuracy of the first. */
  double delta() {
    return (double) (repaired - broken) / items;
  }

  /** Lower end of the two-sided 95 % interval of {@link #delta}. */
  double low() {
    return bound(-NORMAL_975);
  }

  /** Upper end of the two-sided 95 % interval of {@link #delta}. */
  double high() {
    return bound(NORMAL_975);
  }

  /** One-sided 95 % lower bound of {@link #delta}. */
  double lowerBound() {
    return bound(-NORMAL_95);
  }

  /** One-sided 95 % upper bound of {@link #delta}. */
  double upperBound() {
    return bound(NORMAL_95);
  }

  /**
   * Adjusted Wald bound for a difference of paired proportions (Bonett and Price 2012): one item is
   * added to each kind of disagreement, so that a sample without any still has a width.
   */
  private double bound(double quantile) {
    double total = items + 2.0;
    double down = (broken + 1) / total;
    double up = (repaired + 1) / total;
    double error = Math.sqrt((down + up - (up - down) * (up - down)) / total);
    return Math.clamp(up - down + quantile * error, -1.0, 1.0);
  }

  /** Exact two-sided McNemar test: the sign test of the disagreements. */
  double pValue() {
    int disagreements = broken + repaired;
    double tail = 0;
    double logChoose = 0;
    for (int k = 0; k <= Math.min(broken, repaired); k++) {
      tail += Math.exp(logChoose - disagreements * Math.log(2));
      logChoose += Math.log(disagreements - k) - Math.log(k + 1);
    }
    return Math.min(1, 2 * tail);
  }

  /** The verdict for a margin, as a share of the items. */
  Verdict verdict(double margin) {
    if (lowerBound() > -margin) {
      return Verdict.NON_INFERIOR;
    }
    return upperBound() < 0 ? Verdict.WORSE : Verdict.INCONCLUSIVE;
  }
}
