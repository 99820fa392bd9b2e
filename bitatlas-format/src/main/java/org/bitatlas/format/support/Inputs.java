package org.bitatlas.format.support;

import org.bitatlas.tensor.BitAtlasException;

/**
 * How the inputs of a linear layer are rounded.
 *
 * @param rounding what shares a scale, and when it is found
 * @param bits bits of a value; {@link #FLOAT_BITS} where nothing is rounded
 * @param symmetric whether the zero point is 0; of a supported scheme: whether it must be
 */
public record Inputs(Rounding rounding, int bits, boolean symmetric) {

  /** Bits that mean: not rounded. */
  public static final int FLOAT_BITS = 16;

  /** Not rounded. */
  public static final Inputs FLOAT = new Inputs(Rounding.NONE, FLOAT_BITS, true);

  /** What shares a scale, and when it is found. */
  public enum Rounding {
    /** Not rounded: weight-only. */
    NONE("none"),
    /** One scale per tensor, fixed by calibration. */
    STATIC_TENSOR("static-tensor"),
    /** One scale per tensor, found at run time. */
    DYNAMIC_TENSOR("dynamic-tensor"),
    /** One scale per token, found at run time. */
    DYNAMIC_TOKEN("dynamic-token");

    private final String id;

    Rounding(String id) {
      this.id = id;
    }

    /** Name in the table, and in recipes. */
    public String id() {
      return id;
    }

    static Rounding of(String id) {
      for (Rounding rounding : values()) {
        if (rounding.id.equals(id)) {
          return rounding;
        }
      }
      throw new BitAtlasException(
          "Inputs are rounded '%s'; give none, static-tensor, dynamic-tensor or dynamic-token."
              .formatted(id));
    }
  }

  /**
   * Checks that bits and rounding go together.
   *
   * @throws BitAtlasException when they do not
   */
  public Inputs {
    boolean rounded = rounding != Rounding.NONE;
    if (rounded ? bits < 2 || bits > 8 : bits != FLOAT_BITS) {
      throw new BitAtlasException(
          "Inputs rounded %s have %d bits; give 2 to 8, or %d where nothing is rounded."
              .formatted(rounding.id(), bits, FLOAT_BITS));
    }
  }

  /** In words, for example {@code 8 bits dynamic-token, symmetric}. */
  public String words() {
    return rounding == Rounding.NONE
        ? "float"
        : bits + " bits " + rounding.id() + (symmetric ? ", symmetric" : ", asymmetric");
  }
}
