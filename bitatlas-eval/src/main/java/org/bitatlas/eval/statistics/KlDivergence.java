package org.bitatlas.eval.statistics;

/** Divergences of two next-token distributions, from rows of logits; double sums, in nats. */
public final class KlDivergence {

  private KlDivergence() {}

  /** KL(P || Q) = sum p log(p / q), with P of {@code first} and Q of {@code second}. */
  public static double of(float[] first, float[] second) {
    double[] p = logSoftmax(first, second.length);
    double[] q = logSoftmax(second, first.length);
    return divergence(p, q);
  }

  /** Jensen-Shannon divergence: the mean KL of both to their average. Symmetric, at most ln 2. */
  public static double jensenShannon(float[] first, float[] second) {
    double[] p = logSoftmax(first, second.length);
    double[] q = logSoftmax(second, first.length);
    double[] middle = new double[p.length];
    for (int i = 0; i < p.length; i++) {
      double high = Math.max(p[i], q[i]);
      double low = Math.min(p[i], q[i]);
      middle[i] = high + Math.log1p(Math.exp(low - high)) - Math.log(2);
    }
    return (divergence(p, middle) + divergence(q, middle)) / 2;
  }

  /** Whether both rows have the same most probable token; ties go to the lowest id. */
  public static boolean sameTop(float[] first, float[] second) {
    return argMax(first) == argMax(second);
  }

  /** -log q of the token that is most probable under P. */
  public static double crossEntropyOfTop(float[] first, float[] second) {
    return -logSoftmax(second, first.length)[argMax(first)];
  }

  private static double divergence(double[] p, double[] q) {
    double sum = 0;
    for (int i = 0; i < p.length; i++) {
      double probability = Math.exp(p[i]);
      if (probability > 0) {
        sum += probability * (p[i] - q[i]);
      }
    }
    return sum;
  }

  private static double[] logSoftmax(float[] logits, int expectedLength) {
    if (logits.length == 0 || logits.length != expectedLength) {
      throw new IllegalArgumentException(
          "rows of " + logits.length + " and " + expectedLength + " logits");
    }
    double highest = logits[argMax(logits)];
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit - highest);
    }
    double normalizer = highest + Math.log(sum);
    double[] logProbabilities = new double[logits.length];
    for (int i = 0; i < logits.length; i++) {
      logProbabilities[i] = logits[i] - normalizer;
    }
    return logProbabilities;
  }

  private static int argMax(float[] logits) {
    int best = 0;
    for (int i = 0; i < logits.length; i++) {
      if (!Float.isFinite(logits[i])) {
        throw new IllegalArgumentException("logit " + i + " is " + logits[i]);
      }
      if (logits[i] > logits[best]) {
        best = i;
      }
    }
    return best;
  }
}
