package org.bitatlas.model;

/**
 * How far logits are from others at the same positions: KL divergence and the most likely token.
 */
final class LogitDivergence {

  private double divergences;
  private int agreeing;
  private int positions;

  /**
   * Adds positions.
   *
   * @param expected logits [T x V]
   * @param found logits [T x V]
   */
  void add(float[] expected, float[] found, int vocabulary) {
    for (int at = 0; at < expected.length; at += vocabulary) {
      double own = logSum(expected, at, vocabulary);
      double other = logSum(found, at, vocabulary);
      double sum = 0;
      int likely = at;
      int otherLikely = at;
      for (int token = at; token < at + vocabulary; token++) {
        double log = expected[token] - own;
        sum += Math.exp(log) * (log - (found[token] - other));
        likely = expected[token] > expected[likely] ? token : likely;
        otherLikely = found[token] > found[otherLikely] ? token : otherLikely;
      }
      divergences += sum;
      agreeing += likely == otherLikely ? 1 : 0;
      positions++;
    }
  }

  private static double logSum(float[] logits, int at, int vocabulary) {
    double greatest = Double.NEGATIVE_INFINITY;
    for (int token = at; token < at + vocabulary; token++) {
      greatest = Math.max(greatest, logits[token]);
    }
    double sum = 0;
    for (int token = at; token < at + vocabulary; token++) {
      sum += Math.exp(logits[token] - greatest);
    }
    return greatest + Math.log(sum);
  }

  /** Mean KL divergence of what was found from what was expected, in nats. */
  double mean() {
    return divergences / positions;
  }

  /** Part of positions with the same most likely token. */
  double agreement() {
    return (double) agreeing / positions;
  }

  int positions() {
    return positions;
  }
}
