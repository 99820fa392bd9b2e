package org.bitatlas.study.diagnosis;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import org.bitatlas.eval.SampleRecord;
import org.bitatlas.eval.statistics.Clusters;
import org.bitatlas.eval.statistics.Quantile;
import org.bitatlas.study.Metric;

/**
 * How much of the way from one row to float another row moves, on the same items: 1 - (sum of the
 * row's harm) / (sum of the baseline's harm), harm being the errors beyond those of float, or the
 * KL divergence to float. 0 is the baseline, 1 is float; negative is worse than the baseline.
 *
 * @param items items all three were asked
 * @param baseline harm of the baseline: errors per item beyond float's, or mean KL per token
 * @param row the same of the row
 * @param share the share of the way
 * @param low lower end of the two-sided 95 % interval (paired bootstrap over units, percentile)
 * @param high upper end
 */
public record GapClosed(
    int items, double baseline, double row, double share, double low, double high) {

  private static final int RESAMPLES = 10_000;
  private static final long SEED = 0;
  private static final String DIVERGENCE = "kl";
  private static final String TOKENS = "tokens";

  /**
   * Measures the way on the items that fit.
   *
   * @param metric of the task: accuracy takes errors, perplexity the divergence to float
   * @param wanted which items count
   * @return empty where the three have no items in common, or the baseline does no harm
   */
  public static Optional<GapClosed> of(
      Metric metric,
      List<SampleRecord> floats,
      List<SampleRecord> baseline,
      List<SampleRecord> row,
      Predicate<SampleRecord> wanted) {
    Map<String, SampleRecord> first = byItem(floats);
    Map<String, SampleRecord> second = byItem(baseline);
    List<String> units = new ArrayList<>();
    List<double[]> harms = new ArrayList<>();
    for (SampleRecord sample : row) {
      SampleRecord exact = first.get(item(sample));
      SampleRecord other = second.get(item(sample));
      if (exact == null || other == null || !wanted.test(sample)) {
        continue;
      }
      double[] harm =
          metric == Metric.PERPLEXITY
              ? new double[] {
                other.measure(DIVERGENCE), sample.measure(DIVERGENCE), sample.measure(TOKENS)
              }
              : new double[] {wrong(other) - wrong(exact), wrong(sample) - wrong(exact), 1};
      if (Double.isFinite(harm[0] + harm[1] + harm[2])) {
        units.add(sample.unit());
        harms.add(harm);
      }
    }
    return harms.isEmpty() ? Optional.empty() : measured(harms, units);
  }

  private static Optional<GapClosed> measured(List<double[]> harms, List<String> units) {
    Clusters clusters = Clusters.of(units);
    double[] baseline = sums(clusters, column(harms, 0));
    double[] row = sums(clusters, column(harms, 1));
    double before = Arrays.stream(baseline).sum();
    double after = Arrays.stream(row).sum();
    if (before <= 0) {
      return Optional.empty();
    }
    int count = clusters.count();
    SplittableRandom random = new SplittableRandom(SEED);
    double[] shares = new double[RESAMPLES];
    for (int r = 0; r < RESAMPLES; r++) {
      double drawnBefore = 0;
      double drawnAfter = 0;
      for (int i = 0; i < count; i++) {
        int drawn = (int) ((random.nextLong() >>> 11) * 0x1p-53 * count);
        drawnBefore += baseline[drawn];
        drawnAfter += row[drawn];
      }
      // A resample in which the baseline does no harm says nothing for the row.
      shares[r] = drawnBefore > 0 ? 1 - drawnAfter / drawnBefore : Double.NEGATIVE_INFINITY;
    }
    Arrays.sort(shares);
    double weight = Arrays.stream(column(harms, 2)).sum();
    return Optional.of(
        new GapClosed(
            harms.size(),
            before / weight,
            after / weight,
            1 - after / before,
            Quantile.ofSorted(shares, 0.025),
            Quantile.ofSorted(shares, 0.975)));
  }

  private static double[] sums(Clusters clusters, double[] values) {
    double[] sums = new double[clusters.count()];
    for (int item = 0; item < values.length; item++) {
      sums[clusters.ofItem()[item]] += values[item];
    }
    return sums;
  }

  private static double[] column(List<double[]> rows, int index) {
    return rows.stream().mapToDouble(row -> row[index]).toArray();
  }

  private static double wrong(SampleRecord sample) {
    return sample.correct() ? 0 : 1;
  }

  private static Map<String, SampleRecord> byItem(List<SampleRecord> samples) {
    Map<String, SampleRecord> items = new HashMap<>();
    samples.forEach(sample -> items.put(item(sample), sample));
    return items;
  }

  private static String item(SampleRecord sample) {
    return sample.index() + "/" + sample.repetition() + "/" + sample.promptDigest();
  }
}
