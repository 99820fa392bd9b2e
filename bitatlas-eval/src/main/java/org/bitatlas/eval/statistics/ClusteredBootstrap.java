package org.bitatlas.eval.statistics;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Bootstrap of two models on the same items that draws whole clusters with repetition (percentile
 * method): of the difference of their means and of the ratio of their means. Where every item is
 * its own cluster the differences are those of {@link PairedBootstrap}, with the same stream.
 *
 * @param difference mean of second - first over the items
 * @param ratio mean of second over mean of first
 * @param differences difference of each resample, ascending
 * @param ratios ratio of each resample, ascending; NaN where the first has nothing, at the end
 */
public record ClusteredBootstrap(
    double difference, double ratio, double[] differences, double[] ratios) {

  /**
   * Draws the resamples, each of as many clusters as there are: index = floor(u k) with u =
   * (nextLong() >>> 11) 2^-53.
   *
   * @param first values of the first model, item by item
   * @param second values of the second model
   * @param clusters which items belong together
   * @param seed seed of the stream
   * @param resamples number of resamples, at least 2
   */
  public static ClusteredBootstrap of(
      double[] first, double[] second, Clusters clusters, long seed, int resamples) {
    if (resamples < 2) {
      throw new IllegalArgumentException(resamples + " resamples");
    }
    double[] before = clusters.sums(first);
    double[] after = clusters.sums(second);
    double[] sizes = clusters.sizes();
    int count = clusters.count();
    SplittableRandom random = new SplittableRandom(seed);
    double[] differences = new double[resamples];
    double[] ratios = new double[resamples];
    for (int r = 0; r < resamples; r++) {
      double sumBefore = 0;
      double sumAfter = 0;
      double items = 0;
      for (int i = 0; i < count; i++) {
        int drawn = (int) ((random.nextLong() >>> 11) * 0x1p-53 * count);
        sumBefore += before[drawn];
        sumAfter += after[drawn];
        items += sizes[drawn];
      }
      differences[r] = (sumAfter - sumBefore) / items;
      ratios[r] = ratio(sumBefore, sumAfter);
    }
    Arrays.sort(differences);
    Arrays.sort(ratios);
    double allBefore = sum(before);
    double allAfter = sum(after);
    return new ClusteredBootstrap(
        (allAfter - allBefore) / clusters.items(), ratio(allBefore, allAfter), differences, ratios);
  }

  private static double ratio(double before, double after) {
    return before == 0 ? Double.NaN : after / before;
  }

  /** Percentile interval of the difference. */
  public Interval interval(double confidence) {
    return interval(differences, differences.length, confidence);
  }

  /** Percentile interval of the ratio, over the resamples that have one; NaN where none has. */
  public Interval ratioInterval(double confidence) {
    int known = ratios.length;
    while (known > 0 && Double.isNaN(ratios[known - 1])) {
      known--;
    }
    return known == 0 ? new Interval(Double.NaN, Double.NaN) : interval(ratios, known, confidence);
  }

  private static Interval interval(double[] sorted, int count, double confidence) {
    double[] values = Arrays.copyOf(sorted, count);
    double tail = (1 - confidence) / 2;
    return new Interval(Quantile.ofSorted(values, tail), Quantile.ofSorted(values, 1 - tail));
  }

  private static double sum(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return sum;
  }
}
