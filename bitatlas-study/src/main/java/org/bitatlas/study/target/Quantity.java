package org.bitatlas.study.target;

import org.bitatlas.tensor.BitAtlasException;

/**
 * A number of a data sheet with where it comes from.
 *
 * @param value in bytes, bytes per second or operations per second
 * @param basis how it is known
 * @param source where it was read, or what it was computed from
 */
public record Quantity(double value, Basis basis, String source) {

  /** How a number is known. */
  public enum Basis {
    /** The maker says so. */
    VENDOR,
    /** Computed from what the maker says. */
    DERIVED,
    /** Others say so. */
    REPORTED,
    /** Measured on the machine itself. */
    MEASURED
  }

  /**
   * Checks the value.
   *
   * @throws BitAtlasException when it is not positive, or nobody says where it comes from
   */
  public Quantity {
    if (!(value > 0) || Double.isInfinite(value) || source.isBlank()) {
      throw new BitAtlasException(
          "A quantity is %s from '%s'; give a positive number and its source."
              .formatted(value, source));
    }
  }
}
