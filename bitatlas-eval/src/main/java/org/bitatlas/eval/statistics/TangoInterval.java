package org.bitatlas.eval.statistics;

import org.hipparchus.distribution.continuous.NormalDistribution;

/**
 * Score interval of the difference of two paired proportions (Tango 1998, Statistics in Medicine
 * 17, 891-908). Unlike the Wald interval it keeps its level with few discordant items, and has a
 * width when there is none.
 */
public final class TangoInterval {

  private static final int BISECTIONS = 200;

  private TangoInterval() {}

  /**
   * The two-sided interval of {@link PairedCounts#difference}. One end of the interval of
   * confidence 1 - 2a is the one-sided bound of confidence 1 - a.
   *
   * @param counts the paired counts
   * @param confidence for example 0.95
   */
  public static Interval of(PairedCounts counts, double confidence) {
    double z = new NormalDistribution().inverseCumulativeProbability((1 + confidence) / 2);
    return new Interval(root(counts, z), root(counts, -z));
  }

  // The score falls from above z to below -z over [-1, 1], so bisection finds where it equals
  // target.
  private static double root(PairedCounts counts, double target) {
    double low = -1;
    double high = 1;
    for (int i = 0; i < BISECTIONS; i++) {
      double middle = (low + high) / 2;
      if (score(counts, middle) > target) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return (low + high) / 2;
  }

  /** Tango's statistic for the hypothesis that the difference is {@code difference}. */
  static double score(PairedCounts counts, double difference) {
    double n = counts.items();
    double gained = counts.gained();
    double lost = counts.lost();
    double numerator = gained - lost - n * difference;
    double a = 2 * n;
    double b = -gained - lost + (2 * n - gained + lost) * difference;
    double c = -lost * difference * (1 - difference);
    double lostRate = (Math.sqrt(Math.max(0, b * b - 4 * a * c)) - b) / (2 * a);
    double variance = n * (2 * lostRate + difference * (1 - difference));
    if (variance <= 0) {
      return numerator == 0 ? 0 : Math.signum(numerator) * Double.POSITIVE_INFINITY;
    }
    return numerator / Math.sqrt(variance);
  }
}
