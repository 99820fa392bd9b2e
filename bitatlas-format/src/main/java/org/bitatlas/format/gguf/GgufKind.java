package org.bitatlas.format.gguf;

import java.util.Optional;

/** The types of metadata values, in the order of their numbers (GGUF specification, version 3). */
public enum GgufKind {
  UINT8(1),
  INT8(1),
  UINT16(2),
  INT16(2),
  UINT32(4),
  INT32(4),
  FLOAT32(4),
  BOOL(1),
  STRING(8),
  ARRAY(12),
  UINT64(8),
  INT64(8),
  FLOAT64(8);

  private static final GgufKind[] ALL = values();

  private final int leastBytes;

  GgufKind(int leastBytes) {
    this.leastBytes = leastBytes;
  }

  /** Fewest bytes that a value takes; all that it takes where it is a number or a flag. */
  int leastBytes() {
    return leastBytes;
  }

  /** The kind of a number in a file, or empty when the format has none. */
  static Optional<GgufKind> ofNumber(int number) {
    return number >= 0 && number < ALL.length ? Optional.of(ALL[number]) : Optional.empty();
  }

  /** The number that stands for this kind in a file. */
  int number() {
    return ordinal();
  }
}
