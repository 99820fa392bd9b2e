package org.bitatlas.eval.statistics;

import org.hipparchus.distribution.continuous.NormalDistribution;

/**
 * Standard errors of means whose items come in clusters (Liang and Zeger 1986, without a correction
 * for few clusters).
 */
public final class ClusteredError {

  private ClusteredError() {}

  /** Standard error of the mean: sqrt(sum over clusters of (sum of x - mean)^2) / n. */
  public static double ofMean(double[] values, Clusters clusters) {
    double mean = 0;
    for (double value : values) {
      mean += value / values.length;
    }
    double[] deviations = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      deviations[i] = values[i] - mean;
    }
    double squares = 0;
    for (double sum : clusters.sums(deviations)) {
      squares += sum * sum;
    }
    return Math.sqrt(squares) / values.length;
  }

  /**
   * The interval of a share: Wilson's, with as many items as would be worth those of the clusters
   * if they were independent, p (1 - p) / se^2, at most n and at least the number of clusters. With
   * every item its own cluster it is Wilson's interval.
   *
   * @param right what was right, item by item: 0 or 1
   */
  public static Interval ofShare(double[] right, Clusters clusters, double confidence) {
    double n = right.length;
    double share = 0;
    for (double value : right) {
      share += value / n;
    }
    double worth = n;
    if (!clusters.alone()) {
      double error = ofMean(right, clusters);
      double independent = error == 0 ? 0 : share * (1 - share) / (error * error);
      worth = Math.clamp(independent, clusters.count(), n);
    }
    double z = new NormalDistribution().inverseCumulativeProbability((1 + confidence) / 2);
    double middle = (share + z * z / (2 * worth)) / (1 + z * z / worth);
    double half =
        z
            / (1 + z * z / worth)
            * Math.sqrt(share * (1 - share) / worth + z * z / (4 * worth * worth));
    return new Interval(
        share == 0 ? 0 : Math.max(0, middle - half), share == 1 ? 1 : Math.min(1, middle + half));
  }
}
