package org.bitatlas.kernel;

/**
 * exp(x) for x at most 0 in fp32, by the same operations on one value and on vectors: x = n ln 2 +
 * r, a polynomial of degree 7 in r (Cephes expf), times 2^n. Within 2 units of the last place;
 * below -87 it is 0.
 */
final class Exponential {

  static final float LEAST = -87;
  static final float LOG2_E = 1.44269504088896341f;

  /** 1.5 * 2^23: adding and subtracting it rounds to whole numbers. */
  static final float ROUNDING = 0x1.8p23f;

  /** ln 2 in two parts, negated. */
  static final float HIGH = -0.693359375f;

  static final float LOW = 2.12194440e-4f;

  static final float C7 = 1.9875691500e-4f;
  static final float C6 = 1.3981999507e-3f;
  static final float C5 = 8.3334519073e-3f;
  static final float C4 = 4.1665795894e-2f;
  static final float C3 = 1.6666665459e-1f;
  static final float C2 = 5.0000001201e-1f;

  static final int MANTISSA_BITS = 23;
  static final int BIAS = 127;

  private Exponential() {}

  static float of(float x) {
    if (x < LEAST) {
      return 0;
    }
    float n = Math.fma(x, LOG2_E, ROUNDING) - ROUNDING;
    float r = Math.fma(n, LOW, Math.fma(n, HIGH, x));
    float p = Math.fma(C7, r, C6);
    p = Math.fma(p, r, C5);
    p = Math.fma(p, r, C4);
    p = Math.fma(p, r, C3);
    p = Math.fma(p, r, C2);
    p = Math.fma(p, r * r, r) + 1;
    return p * Float.intBitsToFloat(((int) n + BIAS) << MANTISSA_BITS);
  }
}
