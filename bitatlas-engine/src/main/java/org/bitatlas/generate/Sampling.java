package org.bitatlas.generate;

/** How the next token is chosen. */
public sealed interface Sampling {

  /** The most probable token; ties go to the lowest id. */
  record Greedy() implements Sampling {}

  /**
   * A random token.
   *
   * @param temperature divides the logits; above 0
   * @param topK keeps the k most probable tokens; 0 keeps all
   * @param topP keeps the smallest set of tokens with at least this probability mass; 1 keeps all
   * @param seed seed of this request's own generator
   */
  record Random(double temperature, int topK, double topP, long seed) implements Sampling {}

  /**
   * The most probable reply that beam search finds.
   *
   * @param width unfinished replies that are followed, at least 1
   * @param lengthPenalty power of the length by which a log-probability is divided, at least 0; 0
   *     compares sums, 1 means per token
   */
  record Beam(int width, double lengthPenalty) implements Sampling {}
}
