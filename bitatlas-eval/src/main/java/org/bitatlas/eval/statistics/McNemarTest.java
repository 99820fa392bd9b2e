package org.bitatlas.eval.statistics;

import org.hipparchus.distribution.continuous.NormalDistribution;
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

  /**
   * Exact one-sided p-value of the claim that the second model is worse: P(X >= b) with X binomial
   * of b + c trials of one half; 1 when the models differ on no item.
   *
   * @param lost items only the first model has right (b)
   * @param gained items only the second model has right (c)
   */
  public static double worse(int lost, int gained) {
    if (lost < 0 || gained < 0) {
      throw new IllegalArgumentException("counts " + lost + " and " + gained);
    }
    return lost == 0 ? 1 : binomial(lost, gained).cumulativeProbability(gained);
  }

  /**
   * One-sided p-value of the claim that the second model is worse, for items in clusters: the
   * normal tail at -sum d / sqrt(sum d^2), with d the items a cluster gains less those it loses
   * (Obuchowski 1998, Statistics in Medicine 17, 1495-1507), but never below the exact test's,
   * which it falls short of with few discordant items.
   *
   * @param first whether the first model has each item right
   * @param second the same of the second model
   */
  public static double worse(boolean[] first, boolean[] second, Clusters clusters) {
    double[] changes = new double[first.length];
    int lost = 0;
    int gained = 0;
    for (int i = 0; i < changes.length; i++) {
      changes[i] = (second[i] ? 1 : 0) - (first[i] ? 1 : 0);
      lost += changes[i] < 0 ? 1 : 0;
      gained += changes[i] > 0 ? 1 : 0;
    }
    double exact = worse(lost, gained);
    double squares = 0;
    for (double sum : clusters.sums(changes)) {
      squares += sum * sum;
    }
    if (squares == 0) {
      return exact;
    }
    double z = (gained - lost) / Math.sqrt(squares);
    return Math.max(exact, new NormalDistribution().cumulativeProbability(z));
  }

  private static BinomialDistribution binomial(int lost, int gained) {
    return new BinomialDistribution(lost + gained, 0.5);
  }
}
