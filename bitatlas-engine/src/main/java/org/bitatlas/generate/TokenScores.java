package org.bitatlas.generate;

import java.util.Optional;

/**
 * Scores of the tokens {@code from ..} of a request.
 *
 * @param logProbabilities log p(token t | tokens before t), in nats
 * @param greedy whether token t was the arg max
 * @param distance to a reference model, where there was one
 */
public record TokenScores(
    double[] logProbabilities, boolean[] greedy, Optional<TokenDivergences> distance) {

  /** Scores without a reference. */
  public TokenScores(double[] logProbabilities, boolean[] greedy) {
    this(logProbabilities, greedy, Optional.empty());
  }

  /** Sum of the log-probabilities. */
  public double sum() {
    double sum = 0;
    for (double value : logProbabilities) {
      sum += value;
    }
    return sum;
  }

  /** Whether every token was the arg max. */
  public boolean allGreedy() {
    for (boolean value : greedy) {
      if (!value) {
        return false;
      }
    }
    return true;
  }
}
