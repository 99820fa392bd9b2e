package org.bitatlas.generate;

/**
 * How requests are cut into tiles. Tiles depend on these limits and the requests only, never on the
 * number of threads.
 *
 * @param rows most rows of a generation tile
 * @param promptTokens most tokens of a generation tile's prompts, padding included
 * @param scoringTokens most tokens of a scoring tile, padding included
 * @param logits most logits held at once while scoring
 */
public record BatchLimits(int rows, int promptTokens, int scoringTokens, int logits) {

  /** Limits that suit models from a few million to a few billion parameters on a CPU. */
  public static final BatchLimits DEFAULT = new BatchLimits(64, 16_384, 4_096, 1 << 21);
}
