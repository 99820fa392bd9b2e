package org.bitatlas.quant.rounding;

/**
 * |x|^2.4, the error that searches of a range minimise, to 1e-10 of its value: the power of the
 * exponent and that of the upper mantissa bits stand in tables, the rest is a cubic. Several times
 * as fast as the general power, in which a search would spend nearly all its time.
 */
final class ErrorPower {

  private static final double EXPONENT = 2.4;
  private static final int INDEX_BITS = 7;
  private static final int MANTISSA_BITS = 23;
  private static final int EXPONENT_BIAS = 127;
  private static final double[] OF_EXPONENT = ofExponent();
  private static final double[] OF_CENTRE = new double[1 << INDEX_BITS];
  private static final double[] INVERSE_CENTRE = new double[1 << INDEX_BITS];

  static {
    for (int i = 0; i < OF_CENTRE.length; i++) {
      double centre = 1 + (i + 0.5) / OF_CENTRE.length;
      OF_CENTRE[i] = Math.pow(centre, EXPONENT);
      INVERSE_CENTRE[i] = 1 / centre;
    }
  }

  private ErrorPower() {}

  private static double[] ofExponent() {
    double[] powers = new double[2 * (EXPONENT_BIAS + 1)];
    for (int i = 1; i < powers.length - 1; i++) {
      powers[i] = Math.pow(2, EXPONENT * (i - EXPONENT_BIAS));
    }
    powers[powers.length - 1] = Double.POSITIVE_INFINITY;
    return powers;
  }

  /** |x|^2.4; 0 for subnormal numbers, infinite for what is not finite. */
  static double of(float x) {
    int bits = Float.floatToRawIntBits(x) & Integer.MAX_VALUE;
    int exponent = bits >>> MANTISSA_BITS;
    int mantissa = bits & ((1 << MANTISSA_BITS) - 1);
    int index = mantissa >>> (MANTISSA_BITS - INDEX_BITS);
    double significand = 1 + mantissa * 0x1p-23;
    double rest = significand * INVERSE_CENTRE[index] - 1;
    // Binomial series of (1 + rest)^2.4.
    double series = 1 + rest * (2.4 + rest * (1.68 + rest * 0.224));
    return OF_EXPONENT[exponent] * OF_CENTRE[index] * series;
  }
}
