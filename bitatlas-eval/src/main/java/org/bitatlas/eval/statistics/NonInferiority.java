package org.bitatlas.eval.statistics;

/** Paired non-inferiority tests with one-sided bounds of 95 %. */
public final class NonInferiority {

  private static final double TWO_SIDED = 0.90;

  private NonInferiority() {}

  /**
   * The one-sided 95 % bounds of the difference of accuracy, by {@link TangoInterval}; each end
   * holds on its own.
   */
  public static Interval bounds(PairedCounts counts) {
    return TangoInterval.of(counts, TWO_SIDED);
  }

  /**
   * The one-sided 95 % bounds of the mean of paired differences, by bootstrap; each end holds on
   * its own.
   */
  public static Interval bounds(PairedBootstrap bootstrap) {
    return bootstrap.interval(TWO_SIDED);
  }

  /**
   * The verdict for a difference where more is better.
   *
   * @param bounds one-sided 95 % bounds of second - first
   * @param margin loss that counts as none, above 0, chosen before the run
   */
  public static Verdict verdict(Interval bounds, double margin) {
    if (!(margin > 0)) {
      throw new IllegalArgumentException("a margin is above 0, but is " + margin);
    }
    if (bounds.low() > -margin) {
      return Verdict.NON_INFERIOR;
    }
    return bounds.high() < 0 ? Verdict.WORSE : Verdict.INCONCLUSIVE;
  }
}
