package org.bitatlas.study.map;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bitatlas.eval.SampleRecord;
import org.bitatlas.eval.statistics.Interval;
import org.bitatlas.eval.statistics.McNemarTest;
import org.bitatlas.eval.statistics.NonInferiority;
import org.bitatlas.eval.statistics.PairedCounts;
import org.bitatlas.eval.statistics.TangoInterval;
import org.bitatlas.eval.statistics.Verdict;

/** Paired counts of two models, from their samples, and what follows from them. */
final class PairedItems {
  private PairedItems() {}

  /** Counts over two lists of samples; empty unless both were asked exactly the same prompts. */
  static Optional<PairedCounts> of(List<SampleRecord> first, List<SampleRecord> second) {
    Map<Integer, SampleRecord> byIndex = new HashMap<>();
    first.forEach(sample -> byIndex.put(sample.index(), sample));
    if (first.isEmpty() || first.size() != second.size() || byIndex.size() != first.size()) {
      return Optional.empty();
    }
    boolean[] before = new boolean[second.size()];
    boolean[] after = new boolean[second.size()];
    for (int i = 0; i < before.length; i++) {
      SampleRecord sample = second.get(i);
      SampleRecord other = byIndex.get(sample.index());
      if (other == null || !other.promptDigest().equals(sample.promptDigest())) {
        return Optional.empty();
      }
      before[i] = other.correct();
      after[i] = sample.correct();
    }
    return Optional.of(PairedCounts.of(before, after));
  }

  /** The items of two tasks together. */
  static PairedCounts sum(PairedCounts one, PairedCounts other) {
    return new PairedCounts(
        one.both() + other.both(),
        one.lost() + other.lost(),
        one.gained() + other.gained(),
        one.neither() + other.neither());
  }

  /** Two-sided 95 % interval of the difference of accuracy. */
  static Interval interval(PairedCounts counts) {
    return TangoInterval.of(counts, 0.95);
  }

  /** Exact two-sided McNemar test. */
  static double pValue(PairedCounts counts) {
    return McNemarTest.exact(counts.lost(), counts.gained());
  }

  /** The verdict for a margin, as a share of the items. */
  static Verdict verdict(PairedCounts counts, double margin) {
    return NonInferiority.verdict(NonInferiority.bounds(counts), margin);
  }

  /** The comparison of a cell with float. */
  static Comparison comparison(PairedCounts counts, double margin) {
    Interval interval = interval(counts);
    return new Comparison(
        verdict(counts, margin),
        counts.difference(),
        interval.low(),
        interval.high(),
        counts.lost(),
        counts.gained(),
        pValue(counts),
        counts.items(),
        margin);
  }
}
