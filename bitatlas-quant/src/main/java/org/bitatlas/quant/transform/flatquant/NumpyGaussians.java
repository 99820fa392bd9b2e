package org.bitatlas.quant.transform.flatquant;

/**
 * The Gaussian numbers of numpy's {@code random.seed} and {@code random.randn}, so that a seed
 * means what it means to the reference: the Mersenne Twister MT19937 (Matsumoto and Nishimura 1998)
 * with 53-bit fractions, through Marsaglia's polar method.
 */
final class NumpyGaussians {

  private static final int STATE_WORDS = 624;
  private static final int DISTANCE = 397;
  private static final int UPPER_BIT = 0x80000000;
  private static final int TWIST = 0x9908b0df;
  private static final double ONE_53 = 0x1p-53;

  private final int[] state = new int[STATE_WORDS];
  private int used = STATE_WORDS;
  private double kept = Double.NaN;

  /**
   * A generator.
   *
   * @param seed 0 to 2^32 - 1 as in numpy; of other numbers the low 32 bits
   */
  NumpyGaussians(long seed) {
    state[0] = (int) seed;
    for (int i = 1; i < STATE_WORDS; i++) {
      state[i] = 1812433253 * (state[i - 1] ^ (state[i - 1] >>> 30)) + i;
    }
  }

  /** The next number. */
  double next() {
    if (!Double.isNaN(kept)) {
      double second = kept;
      kept = Double.NaN;
      return second;
    }
    double x;
    double y;
    double square;
    do {
      x = 2 * fraction() - 1;
      y = 2 * fraction() - 1;
      square = x * x + y * y;
    } while (square >= 1 || square == 0);
    double factor = Math.sqrt(-2 * StrictMath.log(square) / square);
    kept = factor * x;
    return factor * y;
  }

  /** Leaves out numbers. */
  void skip(long count) {
    for (long i = 0; i < count; i++) {
      next();
    }
  }

  /** Uniform in [0, 1). */
  private double fraction() {
    long high = word() >>> 5;
    long low = word() >>> 6;
    return ((high << 26) + low) * ONE_53;
  }

  private int word() {
    if (used == STATE_WORDS) {
      twist();
    }
    int word = state[used++];
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    return word ^ (word >>> 18);
  }

  private void twist() {
    for (int i = 0; i < STATE_WORDS; i++) {
      int joined = (state[i] & UPPER_BIT) | (state[(i + 1) % STATE_WORDS] & ~UPPER_BIT);
      state[i] =
          state[(i + DISTANCE) % STATE_WORDS] ^ (joined >>> 1) ^ ((joined & 1) == 0 ? 0 : TWIST);
    }
    used = 0;
  }
}
