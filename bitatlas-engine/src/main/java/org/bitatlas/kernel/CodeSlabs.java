package org.bitatlas.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * Signed integer codes in the panel layout, each group with its own width in bits: 1, 2, 3, 4 or 8.
 * A slab holds 16 / width columns (5 of 3 bits, with one bit to spare); every group starts a slab.
 */
final class CodeSlabs {

  private final ColumnGroups groups;
  private final int[] widths;
  private final int[] slabStarts;
  private final MemorySegment memory;

  /**
   * Allocates codes of value 0.
   *
   * @param widths [G] bits of a code: 1, 2, 3, 4 or 8
   */
  CodeSlabs(int rows, ColumnGroups groups, int[] widths, Arena arena) {
    this.groups = groups;
    this.widths = widths.clone();
    this.slabStarts = new int[widths.length + 1];
    for (int group = 0; group < widths.length; group++) {
      slabStarts[group + 1] =
          slabStarts[group] + Math.ceilDiv(groups.width(group), perSlab(widths[group]));
    }
    this.memory = Panels.allocate(arena, Panels.count(rows) * panelBytes());
  }

  /** Columns of a slab of codes of {@code width} bits. */
  static int perSlab(int width) {
    return Panels.ROW_BITS / width;
  }

  /** Reads the signed codes of a row. */
  interface RowCodes {
    /** Writes the K codes of a row, in the order of the checkpoint's columns, to {@code target}. */
    void read(int row, byte[] target);
  }

  /** Stores the codes of all rows. */
  CodeSlabs fill(int rows, RowCodes source) {
    byte[] codes = new byte[groups.columns()];
    int[] words = new int[(int) (panelBytes() / Integer.BYTES)];
    for (int first = 0; first < rows; first += Panels.ROWS) {
      Arrays.fill(words, 0);
      for (int row = first; row < Math.min(rows, first + Panels.ROWS); row++) {
        source.read(row, codes);
        for (int group = 0; group < widths.length; group++) {
          spread(codes, group, row % Panels.ROWS, words);
        }
      }
      long target = first / Panels.ROWS * panelBytes();
      MemorySegment.copy(words, 0, memory, Panels.WORD, target, words.length);
    }
    return this;
  }

  private void spread(byte[] codes, int group, int row, int[] words) {
    int width = widths[group];
    int perSlab = perSlab(width);
    int mask = (1 << width) - 1;
    int at = slabStarts[group] * Panels.WORDS + Panels.word(row);
    int start = groups.start(group);
    int end = groups.start(group + 1);
    for (int first = start; first < end; first += perSlab) {
      int bits = 0;
      for (int k = Math.min(end, first + perSlab) - 1; k >= first; k--) {
        bits = bits << width | codes[groups.column(k)] & mask;
      }
      words[at] |= bits << Panels.shift(row);
      at += Panels.WORDS;
    }
  }

  /**
   * The signed code of a row of a panel.
   *
   * @param column packed column, counted from the group's first
   */
  int code(int panel, int group, int column, int row) {
    int width = widths[group];
    int word = memory.get(Panels.WORD, address(panel, group, column, row));
    return word << (Integer.SIZE - width - shift(width, column, row)) >> (Integer.SIZE - width);
  }

  private static int shift(int width, int column, int row) {
    return Panels.shift(row) + column % perSlab(width) * width;
  }

  private long address(int panel, int group, int column, int row) {
    int slab = column / perSlab(widths[group]);
    return offset(panel, group)
        + (long) slab * Panels.SLAB_BYTES
        + (long) Panels.word(row) * Integer.BYTES;
  }

  /** Bytes from the start of the memory to the first slab of a group. */
  long offset(int panel, int group) {
    return panel * panelBytes() + (long) slabStarts[group] * Panels.SLAB_BYTES;
  }

  /** The same for a column that starts a slab. */
  long offset(int panel, int group, int column) {
    return offset(panel, group) + (long) column / perSlab(widths[group]) * Panels.SLAB_BYTES;
  }

  ColumnGroups groups() {
    return groups;
  }

  int width(int group) {
    return widths[group];
  }

  /** The widths in use, for example {@code 4} or {@code 1/3}. */
  String widthText() {
    return Arrays.stream(widths)
        .distinct()
        .sorted()
        .mapToObj(Integer::toString)
        .collect(Collectors.joining("/"));
  }

  MemorySegment memory() {
    return memory;
  }

  /** Bytes of the codes of one panel. */
  long panelBytes() {
    return (long) slabStarts[widths.length] * Panels.SLAB_BYTES;
  }

  long bytes() {
    return memory.byteSize();
  }
}
