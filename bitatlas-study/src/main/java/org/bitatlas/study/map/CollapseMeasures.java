package org.bitatlas.study.map;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.bitatlas.eval.CollapseMark;
import org.bitatlas.eval.SampleRecord;
import org.bitatlas.eval.statistics.ClusteredError;
import org.bitatlas.eval.statistics.Clusters;
import org.bitatlas.eval.statistics.Interval;
import org.bitatlas.eval.statistics.McNemarTest;
import org.bitatlas.eval.statistics.PairedCounts;
import org.bitatlas.eval.statistics.Quantile;

/**
 * How replies break down, against float's replies to the same items. A cell that was stopped early
 * is measured on the items it was asked.
 *
 * @param items items both were asked
 * @param rate share of replies in logic collapse ({@link CollapseMark#collapsed}), with Wilson's 95
 *     % interval
 * @param floatRate the same of float on these items
 * @param pValue exact two-sided McNemar test of the two
 * @param onset median token at which replies that end in a loop enter it; NaN when none does
 * @param lengthMedian median of the length of a reply over that of float's
 * @param lengthP95 95 % quantile of that ratio
 * @param lengthRight median of the ratio over the items both have right; NaN when there is none
 * @param lost share of items whose right answer is in the reply, but not as its answer; NaN where
 *     the task's answers are too short to look for
 * @param floatLost the same of float
 * @param lostPValue exact two-sided McNemar test of the two; NaN as above
 */
public record CollapseMeasures(
    int items,
    Rate rate,
    double floatRate,
    double pValue,
    double onset,
    double lengthMedian,
    double lengthP95,
    double lengthRight,
    double lost,
    double floatLost,
    double lostPValue) {

  /** A share with its interval. */
  public record Rate(double share, double low, double high) {}

  /** Measures of generated replies; empty where there are none, or float was asked nothing. */
  static Optional<CollapseMeasures> of(List<SampleRecord> first, List<SampleRecord> second) {
    Map<String, SampleRecord> byItem = new HashMap<>();
    first.forEach(sample -> byItem.put(sample.index() + "/" + sample.repetition(), sample));
    List<SampleRecord> before = new ArrayList<>();
    List<SampleRecord> after = new ArrayList<>();
    for (SampleRecord sample : second) {
      Optional.ofNullable(byItem.get(sample.index() + "/" + sample.repetition()))
          .filter(other -> other.promptDigest().equals(sample.promptDigest()))
          .filter(other -> CollapseMark.known(other) && CollapseMark.known(sample))
          .ifPresent(other -> {
            before.add(other);
            after.add(sample);
          });
    }
    return after.isEmpty() ? Optional.empty() : Optional.of(measured(before, after));
  }

  private static CollapseMeasures measured(List<SampleRecord> before, List<SampleRecord> after) {
    boolean[] collapsedBefore = marks(before, CollapseMark::collapsed);
    boolean[] collapsedAfter = marks(after, CollapseMark::collapsed);
    Interval interval =
        ClusteredError.ofShare(
            numbers(collapsedAfter),
            Clusters.of(after.stream().map(SampleRecord::unit).toList()),
            0.95);
    List<Double> ratios = new ArrayList<>();
    List<Double> right = new ArrayList<>();
    for (int i = 0; i < after.size(); i++) {
      double ratio =
          Math.max(1, after.get(i).generatedTokens())
              / (double) Math.max(1, before.get(i).generatedTokens());
      ratios.add(ratio);
      if (before.get(i).correct() && after.get(i).correct()) {
        right.add(ratio);
      }
    }
    boolean traced = after.stream().allMatch(CollapseMark::traced);
    boolean[] lostBefore = marks(before, CollapseMark::lost);
    boolean[] lostAfter = marks(after, CollapseMark::lost);
    return new CollapseMeasures(
        after.size(),
        new Rate(share(collapsedAfter), interval.low(), interval.high()),
        share(collapsedBefore),
        paired(collapsedBefore, collapsedAfter),
        quantile(
            after.stream()
                .map(sample -> sample.measure(CollapseMark.ONSET))
                .filter(Double::isFinite)
                .toList(),
            0.5),
        quantile(ratios, 0.5),
        quantile(ratios, 0.95),
        quantile(right, 0.5),
        traced ? share(lostAfter) : Double.NaN,
        traced ? share(lostBefore) : Double.NaN,
        traced ? paired(lostBefore, lostAfter) : Double.NaN);
  }

  private static double paired(boolean[] before, boolean[] after) {
    PairedCounts counts = PairedCounts.of(before, after);
    return McNemarTest.exact(counts.lost(), counts.gained());
  }

  private static boolean[] marks(List<SampleRecord> samples, Predicate<SampleRecord> mark) {
    boolean[] marks = new boolean[samples.size()];
    for (int i = 0; i < marks.length; i++) {
      marks[i] = mark.test(samples.get(i));
    }
    return marks;
  }

  private static double[] numbers(boolean[] marks) {
    double[] numbers = new double[marks.length];
    for (int i = 0; i < marks.length; i++) {
      numbers[i] = marks[i] ? 1 : 0;
    }
    return numbers;
  }

  private static double share(boolean[] marks) {
    return Arrays.stream(numbers(marks)).sum() / marks.length;
  }

  private static double quantile(List<Double> values, double probability) {
    return values.isEmpty()
        ? Double.NaN
        : Quantile.ofSorted(
            values.stream().mapToDouble(Double::doubleValue).sorted().toArray(), probability);
  }
}
