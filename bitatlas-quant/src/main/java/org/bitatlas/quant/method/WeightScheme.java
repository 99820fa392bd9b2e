package org.bitatlas.quant.method;

import org.bitatlas.tensor.BitAtlasException;

/**
 * The grid weights are rounded to.
 *
 * @param bits 1 to 8
 * @param groupSize columns that share a scale; 0 for one scale per output channel
 * @param grid how scales are fitted
 * @param meanSquaredErrorClip whether the range is searched for the least error (exponent 2.4)
 * @param secondScales whether scales of groups are whole multiples of one per output channel, so
 *     that sums over groups are exact integers
 */
public record WeightScheme(
    int bits, int groupSize, Grid grid, boolean meanSquaredErrorClip, boolean secondScales) {

  /** Most bits of codes that a second scale multiplies within a signed byte. */
  private static final int MAX_SECOND_BITS = 4;

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
    if (secondScales && (bits > MAX_SECOND_BITS || groupSize == 0 || !grid.symmetric())) {
      throw new BitAtlasException(
          "A recipe asks for second scales with %d bits, group size %d and the grid %s; they need 1 to 4 bits, groups and a symmetric grid."
              .formatted(bits, groupSize, grid.id()));
    }
  }

  /** A grid with scales of one level. */
  public WeightScheme(int bits, int groupSize, Grid grid, boolean meanSquaredErrorClip) {
    this(bits, groupSize, grid, meanSquaredErrorClip, false);
  }

  /** A grid without a search of its range. */
  public static WeightScheme of(int bits, int groupSize, Grid grid) {
    return new WeightScheme(bits, groupSize, grid, false);
  }
}
