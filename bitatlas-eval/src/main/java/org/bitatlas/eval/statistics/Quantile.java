package org.bitatlas.eval.statistics;

/** Quantiles by linear interpolation at position (n - 1) p, as numpy has them by default. */
public final class Quantile {

  private Quantile() {}

  /**
   * The quantile of values in ascending order.
   *
   * @param sorted at least one value
   * @param probability 0 to 1
   */
  public static double ofSorted(double[] sorted, double probability) {
    if (sorted.length == 0 || !(probability >= 0 && probability <= 1)) {
      throw new IllegalArgumentException(sorted.length + " values, probability " + probability);
    }
    double position = (sorted.length - 1) * probability;
    int below = (int) Math.floor(position);
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
  }
}
