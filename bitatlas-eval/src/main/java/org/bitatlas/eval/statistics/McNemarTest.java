package org.bitatlas.eval.statistics;

import org.hipparchus.distribution.discrete.BinomialDistribution;

/** McNemar's test of two models on the same items, from the counts of the items they differ on. */
public final class McNemarTest {

  private McNemarTest() {}

  /**
   * Exact two-sided p-value: min(1, 2 P(X <= min(b, c))) with X binomial of b + c trials of one
   * half; 1 when the models differ on no item.
   *
   * @param lost items only the first model has right (b)
   * @param gained items only the second model has right (c)
   */
  public static double exact(int lost, int gained) {
    if (lost < 0 || gained < 0) {
      throw new IllegalArgumentException("counts " + lost + " and " + gained);
    }
    if (lost + gained == 0) {
      return 1;
    }
    return Math.min(1, 2 * binomial(lost, gained).cumulativeProbability(Math.min(lost, gained)));
  }

  /**
   * The mid-p variant: the exact p-value less the probability of the observed split. Less
   * conservative with few discordant items; undefined (an error) when there is none.
   *
   * @param lost items only the first model has right (b)
   * @param gained items only the second model has right (c)
   */
  public static double midP(int lost, int gained) {
    if (lost + gained == 0) {
      throw new IllegalArgumentException("mid-p needs at least one discordant item");
    }
    return exact(lost, gained) - binomial(lost, gained).probability(Math.min(lost, gained));
  }

  private static BinomialDistribution binomial(int lost, int gained) {
    return new BinomialDistribution(lost + gained, 0.5);
  }
}
