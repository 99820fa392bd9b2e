package org.bitatlas.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.bitatlas.scheme.FloatLinear;

/**
 * A float weight for float activations: bf16 (a slab a column) or fp32 (two slabs a column, first
 * that of rows 0 to 15 of the panel). One group holds all columns.
 */
public final class FloatRows implements WeightOnlyRows {

  private final int outputFeatures;
  private final ColumnGroups groups;
  private final boolean brain;
  private final MemorySegment memory;

  private FloatRows(int rows, int columns, boolean brain, Arena arena) {
    this.outputFeatures = rows;
    this.groups = ColumnGroups.contiguous(columns, columns);
    this.brain = brain;
    this.memory = Panels.allocate(arena, Panels.count(rows) * panelBytes());
  }

  /**
   * Packs bf16 values.
   *
   * @param bits [N x K] the upper 16 bits of each value's fp32 pattern, row-major, in the byte
   *     order of a safetensors file (little-endian)
   */
  public static FloatRows brainFloat(int rows, int columns, MemorySegment bits, Arena arena) {
    FloatRows packed = new FloatRows(rows, columns, true, arena);
    for (int row = 0; row < rows; row++) {
      for (int k = 0; k < columns; k++) {
        short value = bits.get(Panels.HALF, ((long) row * columns + k) * Short.BYTES);
        packed.memory.set(Panels.HALF, packed.address(row, k), value);
      }
    }
    return packed;
  }

  /** Packs fp32 values. */
  public static FloatRows of(FloatLinear linear, Arena arena) {
    int columns = linear.inputFeatures();
    FloatRows packed = new FloatRows(linear.outputFeatures(), columns, false, arena);
    for (int row = 0; row < linear.outputFeatures(); row++) {
      for (int k = 0; k < columns; k++) {
        packed.memory.set(Panels.FLOAT, packed.address(row, k), linear.weight()[row * columns + k]);
      }
    }
    return packed;
  }

  private long address(int row, int column) {
    int lane = row % Panels.ROWS;
    long at = offset(row / Panels.ROWS, column);
    return brain
        ? at + (long) Panels.word(lane) * Integer.BYTES + Panels.shift(lane) / Byte.SIZE
        : at + (long) lane * Float.BYTES;
  }

  /** Bytes from the start of the memory to a column of a panel. */
  long offset(int panel, int column) {
    return panel * panelBytes() + column * columnBytes();
  }

  private long columnBytes() {
    return (long) Panels.SLAB_BYTES * (brain ? 1 : 2);
  }

  private long panelBytes() {
    return groups.columns() * columnBytes();
  }

  /** Whether values are bf16. */
  boolean brain() {
    return brain;
  }

  @Override
  public int outputFeatures() {
    return outputFeatures;
  }

  @Override
  public int inputFeatures() {
    return groups.columns();
  }

  @Override
  public long bytes() {
    return memory.byteSize();
  }

  @Override
  public int panelsPerTile() {
    return Panels.perTile(panelBytes());
  }

  @Override
  public String layout() {
    return brain ? "bf16" : "f32";
  }

  @Override
  public MemorySegment memory() {
    return memory;
  }

  @Override
  public float stored(int panel, int group, int column, int row) {
    long at = address(panel * Panels.ROWS + row, column);
    return brain
        ? Float.intBitsToFloat(memory.get(Panels.HALF, at) << Short.SIZE)
        : memory.get(Panels.FLOAT, at);
  }

  @Override
  public ColumnGroups groups() {
    return groups;
  }
}
