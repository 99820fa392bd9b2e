package org.bitatlas.eval.statistics;

import org.hipparchus.stat.interval.BinomialProportion;
import org.hipparchus.stat.interval.ConfidenceInterval;

/** Wilson's score interval of a proportion (Wilson 1927), without continuity correction. */
public final class WilsonInterval {

  private WilsonInterval() {}

  /**
   * The two-sided interval.
   *
   * @param successes 0 to {@code trials}
   * @param trials at least 1
   * @param confidence for example 0.95
   */
  public static Interval of(int successes, int trials, double confidence) {
    if (trials < 1 || successes < 0 || successes > trials) {
      throw new IllegalArgumentException(successes + " successes of " + trials + " trials");
    }
    ConfidenceInterval interval =
        BinomialProportion.getWilsonScoreInterval(trials, (double) successes / trials, confidence);
    return new Interval(
        successes == 0 ? 0 : interval.getLowerBound(),
        successes == trials ? 1 : interval.getUpperBound());
  }
}
