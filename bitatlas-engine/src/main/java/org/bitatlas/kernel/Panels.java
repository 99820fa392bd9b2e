package org.bitatlas.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The layout shared by all weights packed for decoding. Rows come in panels of 32. A panel is a run
 * of 64-byte slabs; a slab holds a few columns of all 32 rows: its little-endian 32-bit word i
 * keeps row i in the low half and row i + 16 in the high half, the first column in the least
 * significant bits of the half. So a vector lane is a row: a column's activation is broadcast, no
 * sum crosses lanes, and the order of summation does not depend on the width of the vectors.
 *
 * <p>Rows beyond N and columns beyond a group's width have code 0.
 */
final class Panels {

  /** Rows of a panel. */
  static final int ROWS = 32;

  /** 32-bit words of a slab, and the distance between the rows that share a word. */
  static final int WORDS = 16;

  /** Bytes of a slab: one cache line. */
  static final int SLAB_BYTES = WORDS * Integer.BYTES;

  /** Bits of a slab that belong to one row. */
  static final int ROW_BITS = 16;

  /** Bytes of one float per row of a panel. */
  static final int FLOATS_BYTES = ROWS * Float.BYTES;

  /** A 32-bit word in the byte order of the layout. */
  static final ValueLayout.OfInt WORD = ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** A bf16 value, or half a word, in the byte order of the layout. */
  static final ValueLayout.OfShort HALF = ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** A float in the byte order of the layout. */
  static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Least bytes of a tile: below this, handing out tiles costs more than it spreads. */
  private static final long TILE_BYTES = 64 << 10;

  private Panels() {}

  /** Number of panels of N rows. */
  static int count(int rows) {
    return Math.ceilDiv(rows, ROWS);
  }

  /** Panels of a tile: fixed by the bytes of a panel, never by the number of threads. */
  static int perTile(long panelBytes) {
    return Math.toIntExact(Math.max(1, Math.ceilDiv(TILE_BYTES, panelBytes)));
  }

  /** Memory on cache lines, filled with zeros. */
  static MemorySegment allocate(Arena arena, long bytes) {
    return arena.allocate(Math.max(bytes, 1), SLAB_BYTES);
  }

  /** Index of the word of a row within a slab. */
  static int word(int row) {
    return row % WORDS;
  }

  /** Position of the lowest bit of a row within its word: 0 or 16. */
  static int shift(int row) {
    return row / WORDS * ROW_BITS;
  }
}
