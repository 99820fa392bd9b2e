package org.bitatlas.eval.statistics;

import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * Holm's step-down adjustment of several p-values (Holm 1979): a claim whose adjusted value is
 * below a level holds with that family-wise error rate, whatever the dependence of the tests.
 */
public final class HolmAdjustment {

  private HolmAdjustment() {}

  /**
   * The adjusted p-values: in ascending order the i-th of m is the largest of (m - j) p_j with j
   * from 0 to i, at most 1.
   *
   * @param pValues m values from 0 to 1
   * @return m values in the same order
   */
  public static double[] of(double[] pValues) {
    for (double value : pValues) {
      if (!(value >= 0 && value <= 1)) {
        throw new IllegalArgumentException("a p-value of " + value);
      }
    }
    int[] order =
        IntStream.range(0, pValues.length)
            .boxed()
            .sorted(Comparator.comparingDouble(index -> pValues[index]))
            .mapToInt(Integer::intValue)
            .toArray();
    double[] adjusted = new double[pValues.length];
    double largest = 0;
    for (int rank = 0; rank < order.length; rank++) {
      largest = Math.max(largest, (order.length - rank) * pValues[order[rank]]);
      adjusted[order[rank]] = Math.min(1, largest);
    }
    return adjusted;
  }
}
