package org.bitatlas.study.bench;

import java.util.Arrays;
import org.bitatlas.eval.statistics.Quantile;

/**
 * Several measurements of the same thing. On a machine that other programs use the median is what
 * one of them would most likely see; the quartiles say how much it swings.
 *
 * @param median the middle value
 * @param low first quartile
 * @param high third quartile
 * @param count number of measurements; 0 where there are none, and all values are then NaN
 */
public record Spread(double median, double low, double high, int count) {

  /** Nothing was measured. */
  public static final Spread NONE = new Spread(Double.NaN, Double.NaN, Double.NaN, 0);

  /** Median and quartiles, by linear interpolation; {@link #NONE} of no values. */
  public static Spread of(double... values) {
    if (values.length == 0) {
      return NONE;
    }
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return new Spread(
        Quantile.ofSorted(sorted, 0.5),
        Quantile.ofSorted(sorted, 0.25),
        Quantile.ofSorted(sorted, 0.75),
        values.length);
  }

  /** Whether anything was measured. */
  public boolean exists() {
    return count > 0;
  }
}
