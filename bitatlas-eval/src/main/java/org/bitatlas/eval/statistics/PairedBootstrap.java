package org.bitatlas.eval.statistics;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Bootstrap of the mean difference of paired values (percentile method): resamples of the items
 * with repetition, both models keeping their pairs. Seeded, with the stream of {@link
 * SplittableRandom}, so the same seed gives the same numbers everywhere.
 *
 * @param meanDifference mean of second - first
 * @param bootstrapMean mean of the resampled means
 * @param standardError sample standard deviation of the resampled means
 * @param resampledMeans the resampled means in the order drawn
 */
public record PairedBootstrap(
    double meanDifference, double bootstrapMean, double standardError, double[] resampledMeans) {

  /**
   * Draws the resamples: index = floor(u n) with u = (nextLong() >>> 11) 2^-53.
   *
   * @param first values of the first model
   * @param second values of the second model, item by item
   * @param seed seed of the stream
   * @param resamples number of resamples, at least 2
   */
  public static PairedBootstrap of(double[] first, double[] second, long seed, int resamples) {
    if (first.length != second.length || first.length == 0 || resamples < 2) {
      throw new IllegalArgumentException(
          first.length + " and " + second.length + " values, " + resamples + " resamples");
    }
    int n = first.length;
    double[] differences = new double[n];
    for (int i = 0; i < n; i++) {
      differences[i] = second[i] - first[i];
    }
    SplittableRandom random = new SplittableRandom(seed);
    double[] means = new double[resamples];
    for (int r = 0; r < resamples; r++) {
      double sum = 0;
      for (int i = 0; i < n; i++) {
        sum += differences[(int) ((random.nextLong() >>> 11) * 0x1p-53 * n)];
      }
      means[r] = sum / n;
    }
    double mean = mean(means);
    double squares = 0;
    for (double value : means) {
      squares += (value - mean) * (value - mean);
    }
    return new PairedBootstrap(
        mean(differences), mean, Math.sqrt(squares / (resamples - 1)), means);
  }

  /** Percentile interval of the mean difference. */
  public Interval interval(double confidence) {
    double[] sorted = resampledMeans.clone();
    Arrays.sort(sorted);
    double tail = (1 - confidence) / 2;
    return new Interval(Quantile.ofSorted(sorted, tail), Quantile.ofSorted(sorted, 1 - tail));
  }

  private static double mean(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return sum / values.length;
  }
}
