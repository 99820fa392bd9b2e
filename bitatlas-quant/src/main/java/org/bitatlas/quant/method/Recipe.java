package org.bitatlas.quant.method;

import java.util.SequencedMap;

/**
 * A quantization method as data (DESIGN decision 5).
 *
 * @param bits 1 to 8
 * @param groupSize columns that share a scale; 0 for one scale per output channel
 * @param grid how scales are fitted
 * @param meanSquaredErrorClip whether the range is searched for the least error (exponent 2.4)
 * @param rounding how codes are chosen on the grid
 */
public record Recipe(
    int bits, int groupSize, Grid grid, boolean meanSquaredErrorClip, Rounding rounding) {

  /** How codes are chosen. */
  public sealed interface Rounding {}

  /** Round to nearest; needs no calibration. */
  public record Nearest() implements Rounding {}

  /**
   * GPTQ (Frantar et al. 2023).
   *
   * @param damping added to the diagonal of H as a fraction of its mean
   * @param blockSize columns updated lazily together
   * @param actOrder columns by descending diagonal of H
   * @param staticGroups grids of all groups fitted before the sweep
   * @param trueSequential k, v, q, then o, then up, gate, then down see the quantized ones before
   */
  public record Gptq(
      double damping, int blockSize, boolean actOrder, boolean staticGroups, boolean trueSequential)
      implements Rounding {}

  /** Short name for tables, for example {@code GPTQ W4 g32}. */
  public String label() {
    throw new UnsupportedOperationException();
  }

  /** Name of the method, for example {@code GPTQ}. */
  public String method() {
    throw new UnsupportedOperationException();
  }

  /** All options with their values, in a fixed order: goes into provenance and record keys. */
  public SequencedMap<String, String> describe() {
    throw new UnsupportedOperationException();
  }
}
