package org.bitatlas.generate;

import java.lang.management.ManagementFactory;

/**
 * How requests are cut into tiles. Tiles depend on these limits and the requests only, never on the
 * number of threads.
 *
 * @param rows most rows of a generation tile that are decoded together; others wait
 * @param promptTokens most tokens of prompts that a generation tile reads together, padding
 *     included
 * @param scoringTokens most tokens of a scoring tile, padding included
 * @param logits most logits held at once while scoring
 * @param cacheBytes most bytes of keys and values of all tiles of a call, each request counted with
 *     its whole budget; others wait
 */
public record BatchLimits(
    int rows, int promptTokens, int scoringTokens, int logits, long cacheBytes) {

  /**
   * Limits that suit models from a few million to a few billion parameters on a CPU; the cache may
   * take a quarter of the machine's memory.
   */
  public static final BatchLimits DEFAULT = new BatchLimits(64, 16_384, 4_096, 1 << 21);

  /** Limits with a cache of a quarter of the machine's memory. */
  public BatchLimits(int rows, int promptTokens, int scoringTokens, int logits) {
    this(rows, promptTokens, scoringTokens, logits, quarterOfMemory());
  }

  private static long quarterOfMemory() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean machine
        ? machine.getTotalMemorySize() / 4
        : Long.MAX_VALUE;
  }
}
