package org.bitatlas.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** {@link RowKernels#unpack} by its definition. */
final class ScalarUnpacking {

  private ScalarUnpacking() {}

  /**
   * Unpacks from a group of four columns on.
   *
   * @param first of the groups of four columns
   * @param sums [16] from {@code to} on; what is unpacked is added
   */
  static void from(
      int first,
      IntegerRows weights,
      int panel,
      int half,
      int group,
      MemorySegment target,
      long at,
      BlockedBytes layout,
      int[] sums,
      int to) {
    int width = weights.groups().width(group);
    for (int p = first * BlockedBytes.QUAD; p < layout.depth(); p++) {
      long place = at + p / BlockedBytes.QUAD * layout.stride() + p % BlockedBytes.QUAD;
      for (int lane = 0; lane < Panels.WORDS; lane++) {
        int row = half * Panels.WORDS + lane;
        int code =
            p < width
                ? (weights.codes().code(panel, group, p, row) - weights.zero(panel, group, row))
                    * weights.second(panel, group, row)
                : 0;
        target.set(ValueLayout.JAVA_BYTE, place + (long) lane * BlockedBytes.QUAD, (byte) code);
        sums[to + lane] += code;
      }
    }
  }
}
