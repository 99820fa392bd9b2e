package org.bitatlas.scheme;

import java.util.Optional;
import org.bitatlas.tensor.BitAtlasException;

/**
 * A {@link GridLinear} without its codes: the grids of its groups. Of a checkpoint on disk these
 * are a few percent of the layer's bytes, and enough to say how a format stores it.
 *
 * @param outputFeatures N
 * @param inputFeatures K
 * @param bits 1 to 8
 * @param groupSize columns that share a scale; K for one scale per output channel
 * @param symmetric whether the grid was fitted symmetrically
 * @param scales [N x G], G = ceil(K / groupSize), finite
 * @param zeroPoints [N x G], unsigned, stored in bytes, 0 .. 2^bits - 1
 * @param groupIndex [K] group of each column, when groups are not contiguous
 * @param channelScales [N] of scales in two levels, positive
 */
public record GridCells(
    int outputFeatures,
    int inputFeatures,
    int bits,
    int groupSize,
    boolean symmetric,
    float[] scales,
    byte[] zeroPoints,
    Optional<int[]> groupIndex,
    Optional<float[]> channelScales) {

  /**
   * Checks every size and every index.
   *
   * @throws BitAtlasException when a size does not fit the others or a value is out of range
   */
  public GridCells {
    require(outputFeatures > 0 && inputFeatures > 0, "a weight with rows and columns", "none");
    require(bits >= 1 && bits <= 8, "1 to 8 bits", bits);
    require(
        groupSize >= 1 && groupSize <= inputFeatures,
        "a group size of 1 to " + inputFeatures + " columns",
        groupSize);
    int groups = Math.ceilDiv(inputFeatures, groupSize);
    long cells = (long) outputFeatures * groups;
    require(scales.length == cells, cells + " scales", scales.length);
    require(zeroPoints.length == cells, cells + " zero points", zeroPoints.length);
    for (float scale : scales) {
      if (!Float.isFinite(scale)) {
        throw malformed("finite scales", scale);
      }
    }
    int maxCode = (1 << bits) - 1;
    for (byte zero : zeroPoints) {
      if ((zero & 0xFF) > maxCode) {
        throw malformed("zero points up to " + maxCode, zero & 0xFF);
      }
    }
    if (groupIndex.isPresent()) {
      int[] index = groupIndex.get();
      require(index.length == inputFeatures, inputFeatures + " group indexes", index.length);
      for (int group : index) {
        if (group < 0 || group >= groups) {
          throw malformed("group indexes below " + groups, group);
        }
      }
    }
    if (channelScales.isPresent()) {
      requireTwoLevels(scales, channelScales.get(), outputFeatures, groups);
    }
  }

  private static void requireTwoLevels(float[] scales, float[] channels, int rows, int groups) {
    require(channels.length == rows, rows + " channel scales", channels.length);
    for (int cell = 0; cell < scales.length; cell++) {
      float channel = channels[cell / groups];
      if (!(channel > 0 && Float.isFinite(channel))) {
        throw malformed("positive channel scales", channel);
      }
      int second = Math.round(scales[cell] / channel);
      boolean whole = second >= 1 && second <= GridLinear.MAX_SECOND_SCALE;
      if (!whole || scales[cell] != channel * second) {
        throw malformed("scales of 1 to 127 times the channel's, " + channel, scales[cell]);
      }
    }
  }

  static void require(boolean holds, String expected, Object found) {
    if (!holds) {
      throw malformed(expected, found);
    }
  }

  static BitAtlasException malformed(String expected, Object found) {
    return new BitAtlasException(
        "A quantized linear layer is malformed: expected " + expected + ", found " + found + ".");
  }

  /** The layer with its codes. */
  public GridLinear withCodes(byte[] codes) {
    return new GridLinear(
        outputFeatures,
        inputFeatures,
        bits,
        groupSize,
        symmetric,
        codes,
        scales,
        zeroPoints,
        groupIndex,
        channelScales);
  }

  /** Number of groups G of a row. */
  public int groups() {
    return Math.ceilDiv(inputFeatures, groupSize);
  }

  /** Group of column {@code k}. */
  public int group(int k) {
    return groupIndex.isPresent() ? groupIndex.get()[k] : k / groupSize;
  }

  /** Whether scales are of two levels. */
  public boolean hasSecondScales() {
    return channelScales.isPresent();
  }

  /** The second scales [N x G]; all 1 where scales are of one level. */
  public byte[] secondScales() {
    byte[] seconds = new byte[scales.length];
    for (int cell = 0; cell < seconds.length; cell++) {
      seconds[cell] =
          (byte)
              (hasSecondScales()
                  ? Math.round(scales[cell] / channelScales.get()[cell / groups()])
                  : 1);
    }
    return seconds;
  }
}
