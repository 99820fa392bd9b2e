package org.bitatlas.kernel;

import org.bitatlas.scheme.ActivationQuantizer;

/**
 * The grid of one row of activations, as {@link ActivationQuantizer} defines it; all in fp32. One
 * object serves one row after the other, so that a token allocates nothing.
 */
final class ActivationRange {

  /** 1.5 * 2^23: adding and subtracting it rounds |x| up to 2^22 to whole numbers, half to even. */
  static final float ROUNDING = 0x1.8p23f;

  private float scale;
  private float least;
  private float greatest;

  /** Step of the grid; not a number where a value of the row is not. */
  float scale() {
    return scale;
  }

  /** Lowest code, counted from the zero point. */
  float least() {
    return least;
  }

  /** Highest code. */
  float greatest() {
    return greatest;
  }

  /** Becomes a given grid. */
  ActivationRange set(float newScale, float newLeast, float newGreatest) {
    scale = newScale;
    least = newLeast;
    greatest = newGreatest;
    return this;
  }

  /**
   * Becomes the grid of values between two bounds.
   *
   * @param low at most 0, before clipping; not used where the quantizer is static
   * @param high at least 0
   */
  ActivationRange fit(float low, float high, ActivationQuantizer quantizer) {
    boolean dynamic = quantizer.dynamic();
    float lower = dynamic ? low * quantizer.clipLow() : quantizer.staticLow();
    float upper = dynamic ? high * quantizer.clipHigh() : quantizer.staticHigh();
    int levels = (1 << quantizer.bits()) - 1;
    int limit = levels / 2;
    boolean symmetric = quantizer.symmetric();
    // A range of zeros rounds zeros, whatever the scale; the smallest normal avoids 0 / 0.
    float step =
        Math.max(
            symmetric ? Math.max(upper, Math.abs(lower)) / limit : (upper - lower) / levels,
            Float.MIN_NORMAL);
    float lowest = symmetric ? -limit - 1f : (float) Math.rint(lower / step);
    // What is not a number leaves no trace in codes, so it is kept in the scale.
    boolean sound = low <= high;
    return set(sound ? step : Float.NaN, lowest, symmetric ? limit : lowest + levels);
  }

  /**
   * Rows that share a scale.
   *
   * @throws IllegalArgumentException for a scale per head, which only attention has
   */
  static int rowsThatShareAScale(ActivationQuantizer quantizer, int rows) {
    return switch (quantizer.strategy()) {
      case TENSOR -> rows;
      case TOKEN -> 1;
      case HEAD -> throw new IllegalArgumentException("linear inputs have no heads");
    };
  }

  /** The code of an activation; the bounds are whole, so clamping first is as rounding first. */
  int code(float value) {
    float clamped = Math.min(Math.max(value / scale, least), greatest);
    return (int) (clamped + ROUNDING - ROUNDING);
  }
}
