package org.bitatlas.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Exact sums of a few groups of columns, before they are scaled and added.
 *
 * @param memory 32-bit sums of the groups one after the other, off the heap
 * @param at of the first group's sums, in bytes
 * @param groupBytes from one group's sums to the next
 * @param rowStride sums from one row of activations to the next
 * @param codeSums sums of the weight's codes [G x stride]
 * @param scales [G x stride]
 * @param stride output features from one group to the next in {@code codeSums} and {@code scales}
 */
record GroupSums(
    MemorySegment memory,
    long at,
    long groupBytes,
    int rowStride,
    int[] codeSums,
    float[] scales,
    int stride) {

  /** Where the sums of a row of activations begin. */
  long offset(int row) {
    return at + (long) row * rowStride * Integer.BYTES;
  }

  /** The sum of a row of activations, group and output feature. */
  int exact(int row, int group, int feature) {
    return memory.get(
        ValueLayout.JAVA_INT, offset(row) + group * groupBytes + (long) feature * Integer.BYTES);
  }
}
