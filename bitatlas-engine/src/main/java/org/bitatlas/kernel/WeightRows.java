package org.bitatlas.kernel;

import java.lang.foreign.MemorySegment;

/**
 * Rows of a weight W [N x K], read a few at a time while it is packed, so that W need not be there
 * as a whole.
 */
public interface WeightRows {

  /**
   * Writes rows of W, row-major and in the type that is packed, from row {@code first} on until
   * {@code target} is full.
   *
   * @param target whole rows, off the heap
   */
  void read(int first, MemorySegment target);

  /**
   * Reads all of W, not all of it at once.
   *
   * @param target W [N x K]
   * @param count N
   */
  default void readAll(MemorySegment target, long count) {
    long rowBytes = target.byteSize() / count;
    for (int first = 0; first < count; first += PackedWeight.SLICE_COLUMNS) {
      long rows = Math.min(PackedWeight.SLICE_COLUMNS, count - first);
      read(first, target.asSlice(first * rowBytes, rows * rowBytes));
    }
  }

  /** The rows of a matrix in memory. */
  static WeightRows of(MemorySegment values, long rowBytes) {
    return (first, target) -> target.copyFrom(values.asSlice(first * rowBytes, target.byteSize()));
  }
}
