package org.bitatlas.format.gguf;

import java.util.List;

/** A metadata value. */
public sealed interface GgufValue {

  /** Its type in the file. */
  GgufKind kind();

  /**
   * A whole number of any width.
   *
   * @param value the number; a UINT64 above 2^63 - 1 has its bits, and is then negative
   */
  record Whole(GgufKind kind, long value) implements GgufValue {}

  /** A FLOAT32 or FLOAT64; the former widened. */
  record Real(GgufKind kind, double value) implements GgufValue {}

  /** A BOOL. */
  record Flag(boolean value) implements GgufValue {
    @Override
    public GgufKind kind() {
      return GgufKind.BOOL;
    }
  }

  /** A STRING. */
  record Text(String value) implements GgufValue {
    @Override
    public GgufKind kind() {
      return GgufKind.STRING;
    }
  }

  /**
   * An ARRAY.
   *
   * @param element type of every element
   * @param values the elements
   */
  record Sequence(GgufKind element, List<GgufValue> values) implements GgufValue {
    @Override
    public GgufKind kind() {
      return GgufKind.ARRAY;
    }
  }
}
