package org.bitatlas.kernel;

import java.util.Optional;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.tensor.BitAtlasException;

/**
 * Codes of a weight as signed bytes, zero points subtracted, on their way to oneDNN: [G x N' x
 * width], N' = N where there is one group, else N rounded up to whole slices; what is beyond N or a
 * group's width is 0.
 *
 * @param linear where they come from
 * @param groups columns of each group
 * @param rows N'
 * @param codes the bytes
 */
record ByteWeights(GridLinear linear, ColumnGroups groups, int rows, byte[] codes) {

  /**
   * The codes of a layer; empty where they do not fit in bytes, where oneDNN is not there, or where
   * it is not exact on this CPU.
   */
  static Optional<ByteWeights> of(GridLinear linear) {
    if (!exactLibrary()) {
      return Optional.empty();
    }
    ColumnGroups groups = ColumnGroups.of(linear);
    int columns = linear.inputFeatures();
    int width = groups.widest();
    int slice = PackedWeight.SLICE_COLUMNS;
    int rows =
        groups.count() == 1
            ? linear.outputFeatures()
            : Math.ceilDiv(linear.outputFeatures(), slice) * slice;
    byte[] codes = new byte[Math.toIntExact((long) groups.count() * rows * width)];
    byte[] row = new byte[columns];
    for (int n = 0; n < linear.outputFeatures(); n++) {
      linear.unpackRow(n, row);
      for (int group = 0; group < groups.count(); group++) {
        int zero = linear.zeroPoints()[n * groups.count() + group] & 0xFF;
        int to = (group * rows + n) * width - groups.start(group);
        for (int p = groups.start(group); p < groups.start(group + 1); p++) {
          int code = (row[groups.column(p)] & 0xFF) - zero;
          if (code != (byte) code) {
            return Optional.empty();
          }
          codes[to + p] = (byte) code;
        }
      }
    }
    return Optional.of(new ByteWeights(linear, groups, rows, codes));
  }

  private static boolean exactLibrary() {
    try {
      return OneDnn.exactIntegers();
    } catch (BitAtlasException absent) {
      return false;
    }
  }

  /** Sums of the codes of each row of each group [G x N']. */
  int[] sums() {
    int width = groups.widest();
    int[] sums = new int[groups.count() * rows];
    for (int cell = 0; cell < sums.length; cell++) {
      for (int k = 0; k < width; k++) {
        sums[cell] += codes[cell * width + k];
      }
    }
    return sums;
  }

  /** Scales in the order of the codes [G x N']. */
  float[] scales() {
    float[] scales = new float[groups.count() * rows];
    for (int n = 0; n < linear.outputFeatures(); n++) {
      for (int group = 0; group < groups.count(); group++) {
        scales[group * rows + n] = linear.scales()[n * groups.count() + group];
      }
    }
    return scales;
  }
}
