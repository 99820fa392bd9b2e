package org.bitatlas.study.map;

import java.util.List;
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
    return ItemPairs.of(first, second).map(ItemPairs::counts);
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
}
