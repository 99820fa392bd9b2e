package org.bitatlas.kernel;

import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.ActivationQuantizer.Strategy;
import org.bitatlas.tensor.ElementType;

/**
 * How keys or values stand in a cache.
 *
 * <p>A {@linkplain Panels panel} of columns of 32 lanes is a row of slabs: a column of fp32 is two
 * slabs, one of bf16 is one; two columns of 8-bit codes or four of 4-bit codes share a slab. Codes
 * are signed and counted from an offset where the grid is asymmetric.
 */
public sealed interface HeadStorage {

  /** Values as they are. */
  record Floats(ElementType type) implements HeadStorage {

    /** F32 or BF16. */
    public Floats {
      if (type != ElementType.F32 && type != ElementType.BF16) {
        throw new IllegalArgumentException("a cache of " + type);
      }
    }
  }

  /**
   * Codes in 4 bits where they fit, else in 8, with a scale (and an offset where the grid is
   * asymmetric) per token and head, or per token.
   *
   * @param quantizer any but one that finds a single range for all values of a call
   */
  record Codes(ActivationQuantizer quantizer) implements HeadStorage {

    /** Refuses a range per call, which would be another for every token of it. */
    public Codes {
      if (!storable(quantizer)) {
        throw new IllegalArgumentException("a range per call has no codes in a cache");
      }
    }

    /** Whether codes of a quantizer can stand in a cache. */
    public static boolean storable(ActivationQuantizer quantizer) {
      return quantizer.strategy() != Strategy.TENSOR || !quantizer.dynamic();
    }

    /** Whether every head of a token has a scale of its own. */
    boolean perHead() {
      return quantizer.strategy() == Strategy.HEAD;
    }
  }

  /** Bits of a stored value: 32, 16, 8 or 4. */
  default int width() {
    return switch (this) {
      case Floats floats -> floats.type.bits();
      case Codes codes -> codes.quantizer.bits() <= 4 ? 4 : 8;
    };
  }

  /** Bytes of a panel of {@code columns} columns: whole slabs. */
  default long panelBytes(int columns) {
    int width = width();
    return width == 32
        ? (long) columns * Panels.FLOATS_BYTES
        : (long) Math.ceilDiv(columns, Panels.ROW_BITS / width) * Panels.SLAB_BYTES;
  }

  /** A word for traces and messages: {@code fp32}, {@code bf16}, {@code int8}, {@code int4}. */
  default String word() {
    return switch (this) {
      case Floats floats -> floats.type == ElementType.F32 ? "fp32" : "bf16";
      case Codes codes -> "int" + codes.quantizer.bits();
    };
  }
}
