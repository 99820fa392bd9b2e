package org.bitatlas.quant.method;

import org.bitatlas.tensor.BitAtlasException;

/**
 * The grid weights are rounded to.
 *
 * @param bits 1 to 8
 * @param groupSize columns that share a scale; 0 for one scale per output channel
 * @param grid how scales are fitted
 * @param meanSquaredErrorClip whether the range is searched for the least error (exponent 2.4)
 */
public record WeightScheme(int bits, int groupSize, Grid grid, boolean meanSquaredErrorClip) {

  /**
   * Checks that the options go together.
   *
   * @throws BitAtlasException naming the option that does not fit
   */
  public WeightScheme {
    if (bits > 8 || bits < 1) {
      throw new BitAtlasException(
          "A recipe asks for " + bits + " bits; weights are quantized to 1 to 8.");
    }
    if (groupSize < 0) {
      throw new BitAtlasException(
          "A recipe has group size " + groupSize + "; give a number of columns, or 0 for none.");
    }
    if (meanSquaredErrorClip && !grid.searchable()) {
      throw new BitAtlasException(
          "A recipe asks for mse with the grid " + grid.id() + ", whose range is not searched.");
    }
  }

  /** A grid without a search of its range. */
  public static WeightScheme of(int bits, int groupSize, Grid grid) {
    return new WeightScheme(bits, groupSize, grid, false);
  }
}
