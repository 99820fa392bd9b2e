package org.bitatlas.eval.metric;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.ToIntFunction;

/**
 * Log-likelihoods of the choices of one item, and which choice wins under three rules (as in
 * lm-evaluation-harness). Ties go to the first choice.
 *
 * @param logLikelihoods summed log-probability of each choice, in nats, all finite
 * @param choices text of each choice, without the text put before it
 */
public record ChoiceScores(double[] logLikelihoods, List<String> choices) {

  /**
   * Checks that every score can be compared.
   *
   * @throws IllegalArgumentException when a score is not a number, or the counts differ
   */
  public ChoiceScores {
    if (logLikelihoods.length == 0 || logLikelihoods.length != choices.size()) {
      throw new IllegalArgumentException(
          logLikelihoods.length + " scores for " + choices.size() + " choices");
    }
    for (double score : logLikelihoods) {
      if (Double.isNaN(score)) {
        throw new IllegalArgumentException("a score is not a number");
      }
    }
    choices = List.copyOf(choices);
  }

  /** Index of the highest sum. */
  public int best() {
    return best(text -> 1);
  }

  /** Index of the highest sum per Unicode code point of the choice. */
  public int bestPerCharacter() {
    return best(text -> text.codePointCount(0, text.length()));
  }

  /** Index of the highest sum per UTF-8 byte of the choice. */
  public int bestPerByte() {
    return best(text -> text.getBytes(StandardCharsets.UTF_8).length);
  }

  private int best(ToIntFunction<String> length) {
    int best = 0;
    double bestScore = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < logLikelihoods.length; i++) {
      double score = logLikelihoods[i] / length.applyAsInt(choices.get(i));
      if (score > bestScore) {
        best = i;
        bestScore = score;
      }
    }
    return best;
  }
}
