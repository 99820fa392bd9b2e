package org.bitatlas.quant.calibration;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * {@code numpy.random.default_rng(seed).permutation(n)}, which is how {@code Dataset.shuffle(seed)}
 * of the Hugging Face {@code datasets} library orders records: PCG64 (O'Neill 2014, XSL-RR output)
 * seeded through numpy's {@code SeedSequence}, Fisher-Yates from the last element down, bounds by
 * Lemire's method on 32-bit halves.
 */
final class NumpyPermutation {

  private static final int POOL = 4;
  private static final long MULTIPLIER_HIGH = 0x2360_ed05_1fc6_5da4L;
  private static final long MULTIPLIER_LOW = 0x4385_df64_9fcc_f645L;
  private static final long WORD = 0xffff_ffffL;

  private final long incrementHigh;
  private final long incrementLow;
  private long high;
  private long low;
  private boolean hasHalf;
  private int half;

  private NumpyPermutation(long seed) {
    long[] words = seedWords(seed);
    incrementHigh = words[2] << 1 | words[3] >>> 63;
    incrementLow = words[3] << 1 | 1;
    step();
    high += words[0] + carry(low, words[1]);
    low += words[1];
    step();
  }

  /**
   * The order of {@code count} records.
   *
   * @param seed not negative
   */
  static int[] of(int count, long seed) {
    if (seed < 0) {
      throw new IllegalArgumentException("numpy has no negative seed: " + seed);
    }
    NumpyPermutation random = new NumpyPermutation(seed);
    int[] order = IntStream.range(0, count).toArray();
    for (int last = count - 1; last > 0; last--) {
      int other = random.bounded(last);
      int moved = order[last];
      order[last] = order[other];
      order[other] = moved;
    }
    return order;
  }

  /** A whole number from 0 to {@code most}: as many bits as it has, again when it is too large. */
  private int bounded(int most) {
    int mask = -1 >>> Integer.numberOfLeadingZeros(most);
    int drawn = nextHalf() & mask;
    while (drawn > most) {
      drawn = nextHalf() & mask;
    }
    return drawn;
  }

  /** 32 bits: the low half of a new word, then its high half. */
  private int nextHalf() {
    if (hasHalf) {
      hasHalf = false;
      return half;
    }
    step();
    long word = Long.rotateRight(high ^ low, (int) (high >>> 58));
    hasHalf = true;
    half = (int) (word >>> 32);
    return (int) word;
  }

  /** state = state * multiplier + increment modulo 2^128. */
  private void step() {
    long productLow = low * MULTIPLIER_LOW;
    long productHigh =
        Math.unsignedMultiplyHigh(low, MULTIPLIER_LOW)
            + high * MULTIPLIER_LOW
            + low * MULTIPLIER_HIGH;
    high = productHigh + incrementHigh + carry(productLow, incrementLow);
    low = productLow + incrementLow;
  }

  private static long carry(long left, long right) {
    return Long.compareUnsigned(left + right, left) < 0 ? 1 : 0;
  }

  /** {@code SeedSequence(seed).generate_state(4, uint64)}. */
  private static long[] seedWords(long seed) {
    int[] entropy =
        seed >>> 32 == 0 ? new int[] {(int) seed} : new int[] {(int) seed, (int) (seed >>> 32)};
    int[] pool = mixed(entropy);
    int[] halves = new int[2 * POOL];
    int hash = 0x8b51_f9dd;
    for (int i = 0; i < halves.length; i++) {
      int value = pool[i % POOL] ^ hash;
      hash *= 0x58f3_8ded;
      value *= hash;
      halves[i] = value ^ (value >>> 16);
    }
    long[] words = new long[POOL];
    Arrays.setAll(words, i -> (halves[2 * i] & WORD) | (halves[2 * i + 1] & WORD) << 32);
    return words;
  }

  private static int[] mixed(int[] entropy) {
    int[] pool = new int[POOL];
    int hash = 0x43b0_d7e5;
    for (int i = 0; i < POOL; i++) {
      int next = hash * 0x931e_8875;
      pool[i] = hashed(i < entropy.length ? entropy[i] : 0, hash, next);
      hash = next;
    }
    for (int source = 0; source < POOL; source++) {
      for (int target = 0; target < POOL; target++) {
        if (source != target) {
          int next = hash * 0x931e_8875;
          int value = 0xca01_f9dd * pool[target] - 0x4973_f715 * hashed(pool[source], hash, next);
          pool[target] = value ^ (value >>> 16);
          hash = next;
        }
      }
    }
    return pool;
  }

  private static int hashed(int value, int before, int after) {
    int hashed = (value ^ before) * after;
    return hashed ^ (hashed >>> 16);
  }
}
