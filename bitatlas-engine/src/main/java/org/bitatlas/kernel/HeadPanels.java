package org.bitatlas.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import org.bitatlas.scheme.ActivationQuantizer;

/**
 * Where the keys, or the values, of one layer stand in a page of 32 tokens. Keys are a panel per
 * head, a column per dimension and a lane per token; values are a panel per 32 dimensions of a
 * head, a column per token and a lane per dimension: so either product of attention adds up lane by
 * lane. Behind the panels stand scales and offsets of codes, 32 floats (a token each) per head or
 * for all heads.
 */
final class HeadPanels {

  private final HeadStorage storage;
  private final boolean keys;
  private final int heads;
  private final int dimension;
  private final long start;
  private final long panelBytes;
  private final int panels;
  private final long scales;
  private final long offsets;
  private final long end;

  /**
   * Panels from a place in the page on.
   *
   * @param keys keys, else values
   * @param heads key heads G
   * @param dimension d
   * @param start byte of the page
   */
  HeadPanels(HeadStorage storage, boolean keys, int heads, int dimension, long start) {
    this.storage = storage;
    this.keys = keys;
    this.heads = heads;
    this.dimension = dimension;
    this.start = start;
    this.panelBytes = storage.panelBytes(keys ? dimension : Panels.ROWS);
    this.panels = keys ? 1 : Panels.count(dimension);
    long afterPanels = start + heads * panels * panelBytes;
    Optional<HeadStorage.Codes> codes =
        storage instanceof HeadStorage.Codes found ? Optional.of(found) : Optional.empty();
    long rows =
        codes.map(found -> found.perHead() ? heads : 1).orElse(0) * (long) Panels.FLOATS_BYTES;
    boolean shifted = codes.isPresent() && !codes.get().quantizer().symmetric();
    this.scales = afterPanels;
    this.offsets = shifted ? afterPanels + rows : -1;
    this.end = afterPanels + (shifted ? 2 : 1) * rows;
  }

  HeadStorage storage() {
    return storage;
  }

  /** First byte after them, on a cache line. */
  long end() {
    return end;
  }

  /** Columns of a panel. */
  int columns() {
    return keys ? dimension : Panels.ROWS;
  }

  /** Panels of a head. */
  int panels() {
    return panels;
  }

  /** First byte of a panel. */
  long panel(int head, int panel) {
    return start + ((long) head * panels + panel) * panelBytes;
  }

  boolean scaled() {
    return storage instanceof HeadStorage.Codes;
  }

  boolean shifted() {
    return offsets >= 0;
  }

  /** First byte of the scales of the 32 tokens of a head. */
  long scales(int head) {
    return scales + rowOf(head);
  }

  /** First byte of the offsets. */
  long offsets(int head) {
    return offsets + rowOf(head);
  }

  private long rowOf(int head) {
    boolean perHead = storage instanceof HeadStorage.Codes codes && codes.perHead();
    return perHead ? (long) head * Panels.FLOATS_BYTES : 0;
  }

  // ---- one token in and out

  /**
   * Stores a token.
   *
   * @param slot place in the page, 0 .. 31
   * @param values [G x d] from {@code from} on
   */
  void write(MemorySegment page, int slot, float[] values, int from, ActivationRange range) {
    switch (storage) {
      case HeadStorage.Floats _ -> {
        for (int head = 0; head < heads; head++) {
          writeFloats(page, slot, head, values, from + head * dimension);
        }
      }
      case HeadStorage.Codes codes -> {
        int shared = codes.perHead() ? 1 : heads;
        for (int head = 0; head < heads; head += shared) {
          int at = from + head * dimension;
          fit(values, at, shared * dimension, codes.quantizer(), range);
          writeScale(page, slot, head, range);
          for (int each = 0; each < shared; each++) {
            writeCodes(page, slot, head + each, values, at + each * dimension, range);
          }
        }
      }
    }
  }

  private static void fit(
      float[] values, int from, int count, ActivationQuantizer quantizer, ActivationRange range) {
    float low = 0;
    float high = 0;
    for (int i = from; i < from + count; i++) {
      low = Math.min(low, values[i]);
      high = Math.max(high, values[i]);
    }
    range.fit(low, high, quantizer);
  }

  private void writeScale(MemorySegment page, int slot, int head, ActivationRange range) {
    long place = (long) slot * Float.BYTES;
    // Over an infinite range every value is 0 times infinity.
    float scale = Float.isFinite(range.scale()) ? range.scale() : Float.NaN;
    page.set(Panels.FLOAT, scales(head) + place, scale);
    if (shifted()) {
      page.set(Panels.FLOAT, offsets(head) + place, (int) range.least() + half());
    }
  }

  /** What a code counted from the lowest is lowered by to be signed. */
  private int half() {
    return 1 << (storage.width() - 1);
  }

  private void writeFloats(MemorySegment page, int slot, int head, float[] values, int from) {
    boolean wide = storage.width() == 32;
    for (int i = 0; i < dimension; i++) {
      if (wide) {
        page.set(Panels.FLOAT, floatAt(head, slot, i), values[from + i]);
      } else {
        page.set(Panels.HALF, halfAt(head, slot, i, 1), RowFormat.brain(values[from + i]));
      }
    }
  }

  private void writeCodes(
      MemorySegment page, int slot, int head, float[] values, int from, ActivationRange range) {
    int zero = shifted() ? (int) range.least() + half() : 0;
    int width = storage.width();
    for (int i = 0; i < dimension; i++) {
      int code = range.code(values[from + i]) - zero;
      if (width == 8) {
        page.set(ValueLayout.JAVA_BYTE, byteAt(head, slot, i), (byte) code);
      } else {
        long at = halfAt(head, slot, i, 4);
        int shift = 4 * (column(slot, i) % 4);
        int others = page.get(Panels.HALF, at) & ~(0xF << shift);
        page.set(Panels.HALF, at, (short) (others | (code & 0xF) << shift));
      }
    }
  }

  /**
   * The values a token is computed with.
   *
   * @param target receives [d] from {@code to} on
   */
  void read(MemorySegment page, int slot, int head, float[] target, int to) {
    int width = storage.width();
    float scale = scaled() ? page.get(Panels.FLOAT, scales(head) + (long) slot * Float.BYTES) : 1;
    float offset =
        shifted() ? page.get(Panels.FLOAT, offsets(head) + (long) slot * Float.BYTES) : 0;
    for (int i = 0; i < dimension; i++) {
      target[to + i] =
          switch (width) {
            case 32 -> page.get(Panels.FLOAT, floatAt(head, slot, i));
            case 16 ->
                Float.intBitsToFloat(page.get(Panels.HALF, halfAt(head, slot, i, 1)) << Short.SIZE);
            case 8 -> (page.get(ValueLayout.JAVA_BYTE, byteAt(head, slot, i)) + offset) * scale;
            default -> {
              int shift = Integer.SIZE - 4 - 4 * (column(slot, i) % 4);
              int code = page.get(Panels.HALF, halfAt(head, slot, i, 4)) << shift >> 28;
              yield (code + offset) * scale;
            }
          };
    }
  }

  private int column(int slot, int i) {
    return keys ? i : slot;
  }

  private int lane(int slot, int i) {
    return keys ? slot : i % Panels.ROWS;
  }

  private long floatAt(int head, int slot, int i) {
    return panel(head, keys ? 0 : i / Panels.ROWS)
        + (long) column(slot, i) * Panels.FLOATS_BYTES
        + (long) lane(slot, i) * Float.BYTES;
  }

  /** Byte of the half word of a slab that holds a lane. */
  private long halfAt(int head, int slot, int i, int perSlab) {
    int lane = lane(slot, i);
    return panel(head, keys ? 0 : i / Panels.ROWS)
        + (long) (column(slot, i) / perSlab) * Panels.SLAB_BYTES
        + (long) Panels.word(lane) * Integer.BYTES
        + Panels.shift(lane) / Byte.SIZE;
  }

  private long byteAt(int head, int slot, int i) {
    return halfAt(head, slot, i, 2) + column(slot, i) % 2;
  }
}
