package org.bitatlas.study.findings;

import java.util.Arrays;
import org.hipparchus.distribution.continuous.TDistribution;

/**
 * Mean of a figure over the rounds of a bench with Student's one-sided 95 % bounds.
 *
 * @param mean mean
 * @param low one-sided 95 % lower bound
 * @param high one-sided 95 % upper bound
 * @param rounds number of rounds
 */
record RoundMean(double mean, double low, double high, int rounds) {
  /** With fewer rounds a spread means nothing. */
  static final int LEAST = 3;

  private static final double LEVEL = 0.95;

  /** Of at least {@link #LEAST} values. */
  static RoundMean of(double... values) {
    double mean = Arrays.stream(values).average().orElseThrow();
    double squares = Arrays.stream(values).map(value -> (value - mean) * (value - mean)).sum();
    int freedom = values.length - 1;
    double error = Math.sqrt(squares / freedom / values.length);
    double width = error * new TDistribution(freedom).inverseCumulativeProbability(LEVEL);
    return new RoundMean(mean, mean - width, mean + width, values.length);
  }

  /** The geometric mean of what is above 0: its bounds are those of the logarithms. */
  static RoundMean ofRatios(double... ratios) {
    RoundMean logs = of(Arrays.stream(ratios).map(Math::log).toArray());
    return new RoundMean(
        Math.exp(logs.mean()), Math.exp(logs.low()), Math.exp(logs.high()), logs.rounds());
  }
}
