package org.bitatlas.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Floats that belong to a row and a group (scales, offsets, the four values of a binarized block):
 * [panels x G x 32].
 */
final class PanelFloats {

  private final int groups;
  private final MemorySegment memory;

  /** Allocates zeros. */
  PanelFloats(int rows, int groups, Arena arena) {
    this.groups = groups;
    this.memory = Panels.allocate(arena, (long) Panels.count(rows) * groups * Panels.FLOATS_BYTES);
  }

  void put(int row, int group, float value) {
    memory.set(Panels.FLOAT, address(row / Panels.ROWS, group, row % Panels.ROWS), value);
  }

  /** Stores {@code values} [N x G]. */
  PanelFloats fill(float[] values) {
    for (int cell = 0; cell < values.length; cell++) {
      put(cell / groups, cell % groups, values[cell]);
    }
    return this;
  }

  float get(int panel, int group, int row) {
    return memory.get(Panels.FLOAT, address(panel, group, row));
  }

  private long address(int panel, int group, int row) {
    return offset(panel, group) + (long) row * Float.BYTES;
  }

  /** Bytes from the start of the memory to the 32 floats of a panel and group. */
  long offset(int panel, int group) {
    return ((long) panel * groups + group) * Panels.FLOATS_BYTES;
  }

  MemorySegment memory() {
    return memory;
  }

  long bytes() {
    return memory.byteSize();
  }
}
