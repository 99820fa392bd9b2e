package org.bitatlas.quant.calibration;

import java.math.BigInteger;

/**
 * Python's {@code random} module as far as the calibration loaders of the methods use it: {@code
 * random.seed(n)} and {@code random.randint(a, b)}. MT19937 (Matsumoto and Nishimura 1998) seeded
 * with {@code init_by_array} over the 32-bit words of |n|, bounded by drawing as many bits as the
 * bound has and rejecting what is too large. The same seed gives the same windows as the
 * references'.
 */
final class PythonRandom {

  private static final int SIZE = 624;
  private static final int SHIFT = 397;
  private static final int UPPER = 0x8000_0000;
  private static final int LOWER = 0x7fff_ffff;
  private static final int TWIST = 0x9908_b0df;

  private final int[] state = new int[SIZE];
  private int next = SIZE;

  /** As {@code random.seed(seed)}: a seed and its negative give the same numbers. */
  PythonRandom(long seed) {
    seedByArray(words(BigInteger.valueOf(seed).abs()));
  }

  private static int[] words(BigInteger value) {
    int[] words = new int[Math.max(1, (value.bitLength() + 31) / 32)];
    for (int i = 0; i < words.length; i++) {
      words[i] = value.shiftRight(32 * i).intValue();
    }
    return words;
  }

  private void seedByArray(int[] key) {
    state[0] = 19_650_218;
    for (int i = 1; i < SIZE; i++) {
      state[i] = 1_812_433_253 * (state[i - 1] ^ (state[i - 1] >>> 30)) + i;
    }
    int i = 1;
    int j = 0;
    for (int k = Math.max(SIZE, key.length); k > 0; k--) {
      state[i] = (state[i] ^ ((state[i - 1] ^ (state[i - 1] >>> 30)) * 1_664_525)) + key[j] + j;
      i = following(i);
      j = (j + 1) % key.length;
    }
    for (int k = SIZE - 1; k > 0; k--) {
      state[i] = (state[i] ^ ((state[i - 1] ^ (state[i - 1] >>> 30)) * 1_566_083_941)) - i;
      i = following(i);
    }
    state[0] = UPPER;
  }

  /** The next index; at the end the first word becomes the last and counting starts at 1. */
  private int following(int index) {
    if (index + 1 < SIZE) {
      return index + 1;
    }
    state[0] = state[SIZE - 1];
    return 1;
  }

  /** 32 random bits. */
  int nextWord() {
    if (next == SIZE) {
      twist();
      next = 0;
    }
    int word = state[next++];
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c_5680;
    word ^= (word << 15) & 0xefc6_0000;
    return word ^ (word >>> 18);
  }

  private void twist() {
    for (int k = 0; k < SIZE; k++) {
      int mixed = (state[k] & UPPER) | (state[(k + 1) % SIZE] & LOWER);
      state[k] = state[(k + SHIFT) % SIZE] ^ (mixed >>> 1) ^ ((mixed & 1) == 0 ? 0 : TWIST);
    }
  }

  /**
   * A whole number from {@code low} to {@code high}, both included.
   *
   * @param high at least {@code low}, less than {@code low} + 2^31 - 1
   */
  int randint(int low, int high) {
    int count = high - low + 1;
    if (count < 1) {
      throw new IllegalArgumentException("randint(" + low + ", " + high + ")");
    }
    int bits = Integer.SIZE - Integer.numberOfLeadingZeros(count);
    int drawn = nextWord() >>> (32 - bits);
    while (drawn >= count) {
      drawn = nextWord() >>> (32 - bits);
    }
    return low + drawn;
  }
}
