package org.bitatlas.study.target;

import org.bitatlas.tensor.BitAtlasException;

/**
 * What is asked of a model.
 *
 * @param prompt tokens of the prompt
 * @param context tokens in the cache when decoding begins
 * @param newTokens tokens decoded
 */
public record Workload(int prompt, int context, int newTokens) {

  /** A prompt of 512 tokens and 256 new ones. */
  public static final Workload DEFAULT = new Workload(512, 512, 256);

  /**
   * Checks the amounts.
   *
   * @throws BitAtlasException when one is not positive
   */
  public Workload {
    if (prompt < 1 || context < 1 || newTokens < 1) {
      throw new BitAtlasException(
          "A workload has a prompt of %d, a context of %d and %d new tokens; give at least 1 each."
              .formatted(prompt, context, newTokens));
    }
  }

  /** Tokens in the cache halfway through decoding. */
  double middle() {
    return context + (newTokens + 1) / 2.0;
  }
}
