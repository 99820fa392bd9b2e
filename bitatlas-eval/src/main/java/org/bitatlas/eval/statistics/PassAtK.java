package org.bitatlas.eval.statistics;

/**
 * The chance that at least one of k programs is right, estimated without bias from n samples of
 * which c are right: 1 - C(n - c, k) / C(n, k) (Chen et al., 2021, arXiv 2107.03374, equation 1).
 */
public final class PassAtK {

  private PassAtK() {}

  /**
   * The estimate for one problem.
   *
   * @param samples programs that were written
   * @param correct how many of them are right
   * @param k programs that one would be allowed to try, at most {@code samples}
   */
  public static double of(int samples, int correct, int k) {
    if (correct < 0 || correct > samples || k < 1 || k > samples) {
      throw new IllegalArgumentException("%d of %d samples, k = %d".formatted(correct, samples, k));
    }
    if (samples - correct < k) {
      return 1;
    }
    double none = 1;
    for (int i = samples - correct + 1; i <= samples; i++) {
      none *= 1 - (double) k / i;
    }
    return 1 - none;
  }
}
