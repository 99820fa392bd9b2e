package org.bitatlas.quant.rounding;

import java.util.Arrays;
import org.bitatlas.scheme.MixedGroupLinear;

/**
 * Round to nearest at one bit: mean plus or minus the mean distance from it, per row or per row and
 * group, which is the nearest of all pairs mean + a, mean - a to the weights.
 */
public final class SignRounding {

  /** Raised when the same weight gives other codes. */
  public static final int BEHAVIOUR_VERSION = 1;

  private static final int ROW_TILE = 32;

  private SignRounding() {}

  /**
   * Rounds {@code weight}.
   *
   * @param weight W [N x K], row-major, finite; not changed
   * @param rows N
   * @param columns K
   * @param groupSize columns that share a scale; 0 for one scale per output channel
   */
  public static MixedGroupLinear round(
      float[] weight, int rows, int columns, int groupSize, Tiles tiles) {
    int size = groupSize == 0 ? columns : Math.min(groupSize, columns);
    int groups = Math.ceilDiv(columns, size);
    int[] bitsPerGroup = new int[groups];
    Arrays.fill(bitsPerGroup, 1);
    byte[] codes = new byte[weight.length];
    float[] scales = new float[rows * groups];
    float[] means = new float[scales.length];
    tiles.forEach(
        Math.ceilDiv(rows, ROW_TILE),
        tile -> {
          int last = Math.min((tile + 1) * ROW_TILE, rows) * groups;
          for (int cell = tile * ROW_TILE * groups; cell < last; cell++) {
            int rowAt = cell / groups * columns;
            int from = rowAt + cell % groups * size;
            int to = Math.min(from + size, rowAt + columns);
            BinaryTerm term = BinaryTerm.fit(weight, from, to, true);
            scales[cell] = term.scale();
            means[cell] = term.mean();
            for (int k = from; k < to; k++) {
              codes[k] = (byte) (term.isAbove(weight[k]) ? 1 : 0);
            }
          }
        });
    return MixedGroupLinear.of(rows, columns, size, bitsPerGroup, codes, scales, means);
  }
}
