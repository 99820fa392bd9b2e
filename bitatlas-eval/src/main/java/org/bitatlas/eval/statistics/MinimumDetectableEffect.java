package org.bitatlas.eval.statistics;

import org.hipparchus.distribution.continuous.NormalDistribution;

/** The smallest difference of accuracy that a paired comparison is likely to find. */
public final class MinimumDetectableEffect {

  private static final double LEVEL = 0.05;
  private static final double POWER = 0.8;

  private MinimumDetectableEffect() {}

  /**
   * The difference that is found with 80 % power at the two-sided 5 % level: (z(0.975) + z(0.8))
   * sqrt(flips / n), about 2.8 sqrt(flips / n).
   *
   * @param flips share of items on which the models differ, 0 to 1
   * @param items number of items, at least 1
   */
  public static double of(double flips, int items) {
    if (!(flips >= 0 && flips <= 1) || items < 1) {
      throw new IllegalArgumentException("flips " + flips + ", items " + items);
    }
    return of(Math.sqrt(flips / items));
  }

  /**
   * The same for any mean difference: (z(0.975) + z(0.8)) times its standard error.
   *
   * @param standardError standard error of the difference
   */
  public static double of(double standardError) {
    NormalDistribution normal = new NormalDistribution();
    return standardError
        * (normal.inverseCumulativeProbability(1 - LEVEL / 2)
            + normal.inverseCumulativeProbability(POWER));
  }
}
