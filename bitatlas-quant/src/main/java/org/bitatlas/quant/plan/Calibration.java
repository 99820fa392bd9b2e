package org.bitatlas.quant.plan;

import org.bitatlas.tensor.BitAtlasException;

/**
 * The shape of a calibration set.
 *
 * @param sequences number of sequences, at least 1
 * @param length tokens of each, at least 1
 */
public record Calibration(int sequences, int length) {

  /**
   * Checks the ranges.
   *
   * @throws BitAtlasException when a number is too small
   */
  public Calibration {
    if (sequences < 1 || length < 1) {
      throw new BitAtlasException(
          "A calibration set of %d sequences of %d tokens is asked for; give at least 1 of each."
              .formatted(sequences, length));
    }
  }

  /** Tokens of all sequences together. */
  public long tokens() {
    return (long) sequences * length;
  }

  /** Whole sequences of about 2,048 tokens that go through a block together. */
  long batchTokens() {
    return (long) Math.clamp(2048 / length, 1, sequences) * length;
  }
}
