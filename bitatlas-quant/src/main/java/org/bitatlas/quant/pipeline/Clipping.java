package org.bitatlas.quant.pipeline;

import java.util.Arrays;
import org.bitatlas.scheme.BinaryLinear;
import org.bitatlas.scheme.FloatLinear;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.MixedGroupLinear;
import org.bitatlas.scheme.StoredLinear;

/**
 * How much of a weight is at or beyond the ends of its grid. Layers and groups of one bit have no
 * inside; they are left out, and a layer of such alone has 0 and 0.
 *
 * @param atEnds share of the codes that are the lowest or the highest; a grid that reaches exactly
 *     to the extremes of its group has about 2 / group size
 * @param rangeCut mean over rows and groups of the part of max w - min w that lies beyond the
 *     lowest and highest point of the grid
 */
public record Clipping(double atEnds, double rangeCut) {

  /** Nothing clipped. */
  public static final Clipping NONE = new Clipping(0, 0);

  /**
   * The clipping of a layer.
   *
   * @param weight W [N x K] in front of rounding, row-major
   */
  public static Clipping of(float[] weight, StoredLinear linear) {
    return switch (linear) {
      case GridLinear grid when grid.bits() > 1 -> ofGrid(weight, grid);
      case MixedGroupLinear mixed -> ofMixed(weight, mixed);
      case GridLinear _, BinaryLinear _, FloatLinear _ -> NONE;
    };
  }

  private static Clipping ofGrid(float[] weight, GridLinear linear) {
    int[] groupOf = new int[linear.inputFeatures()];
    Arrays.setAll(groupOf, linear::group);
    int[] bits = new int[linear.groups()];
    Arrays.fill(bits, linear.bits());
    byte[] codes = new byte[groupOf.length];
    Count count = new Count(groupOf, bits);
    for (int row = 0; row < linear.outputFeatures(); row++) {
      linear.unpackRow(row, codes);
      for (int group = 0; group < bits.length; group++) {
        int cell = row * bits.length + group;
        count.ends(group, linear.scales()[cell], linear.zeroPoints()[cell] & 0xFF);
      }
      count.row(weight, row * groupOf.length, codes);
    }
    return count.result();
  }

  private static Clipping ofMixed(float[] weight, MixedGroupLinear linear) {
    int[] groupOf = new int[linear.inputFeatures()];
    Arrays.setAll(groupOf, k -> k / linear.groupSize());
    int[] bits = linear.bitsPerGroup();
    byte[] codes = new byte[groupOf.length];
    Count count = new Count(groupOf, bits);
    for (int row = 0; row < linear.outputFeatures(); row++) {
      for (int k = 0; k < codes.length; k++) {
        codes[k] = (byte) linear.code(row, k);
      }
      for (int group = 0; group < bits.length; group++) {
        int cell = row * bits.length + group;
        count.ends(group, linear.scales()[cell], linear.offsets()[cell]);
      }
      count.row(weight, row * groupOf.length, codes);
    }
    return count.result();
  }

  /** Sums over rows. */
  private static final class Count {
    private final int[] groupOf;
    private final int[] bits;
    private final double[] gridLow;
    private final double[] gridHigh;
    private long codes;
    private long atEnds;
    private long groups;
    private double cut;

    Count(int[] groupOf, int[] bits) {
      this.groupOf = groupOf;
      this.bits = bits;
      this.gridLow = new double[bits.length];
      this.gridHigh = new double[bits.length];
    }

    void ends(int group, double scale, double zero) {
      double first = scale * -zero;
      double last = scale * ((1 << bits[group]) - 1 - zero);
      gridLow[group] = Math.min(first, last);
      gridHigh[group] = Math.max(first, last);
    }

    void row(float[] weight, int at, byte[] rowCodes) {
      double[] low = new double[bits.length];
      double[] high = new double[bits.length];
      Arrays.fill(low, Double.POSITIVE_INFINITY);
      Arrays.fill(high, Double.NEGATIVE_INFINITY);
      for (int k = 0; k < rowCodes.length; k++) {
        int group = groupOf[k];
        if (bits[group] > 1) {
          int code = rowCodes[k] & 0xFF;
          codes++;
          atEnds += code == 0 || code == (1 << bits[group]) - 1 ? 1 : 0;
          low[group] = Math.min(low[group], weight[at + k]);
          high[group] = Math.max(high[group], weight[at + k]);
        }
      }
      for (int group = 0; group < bits.length; group++) {
        if (low[group] <= high[group]) {
          groups++;
          double beyond =
              Math.max(0, gridLow[group] - low[group]) + Math.max(0, high[group] - gridHigh[group]);
          cut += beyond == 0 ? 0 : Math.min(1, beyond / (high[group] - low[group]));
        }
      }
    }

    Clipping result() {
      return codes == 0 ? NONE : new Clipping((double) atEnds / codes, cut / groups);
    }
  }
}
