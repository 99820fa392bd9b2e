package org.bitatlas.model;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.bitatlas.kernel.WeightRows;

/** Weights of one input as one weight, their rows one under the other. */
final class StackedRows implements WeightRows {

  private final long rowBytes;
  private final List<Part> parts = new ArrayList<>();
  private int count;

  private record Part(WeightRows rows, int start, int end) {}

  /**
   * Nothing yet.
   *
   * @param rowBytes bytes of a row
   */
  StackedRows(long rowBytes) {
    this.rowBytes = rowBytes;
  }

  /** Puts rows below those that are there. */
  StackedRows add(WeightRows rows, int rowCount) {
    parts.add(new Part(rows, count, count + rowCount));
    count += rowCount;
    return this;
  }

  @Override
  public void read(int first, MemorySegment target) {
    int end = first + Math.toIntExact(target.byteSize() / rowBytes);
    for (Part part : parts) {
      int from = Math.max(first, part.start);
      int to = Math.min(end, part.end);
      if (from < to) {
        part.rows.read(
            from - part.start, target.asSlice((from - first) * rowBytes, (to - from) * rowBytes));
      }
    }
  }
}
