package org.bitatlas.eval.prompt;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Python's {@code random.Random(seed)}: the Mersenne Twister MT19937 (Matsumoto and Nishimura 1998)
 * seeded with {@code init_by_array}, and {@code sample} as CPython 3.11 to 3.13 have it. So
 * few-shot examples that lm-evaluation-harness draws can be drawn again.
 */
public final class PythonRandom {

  private static final int N = 624;
  private static final int M = 397;

  private final int[] state = new int[N];
  private int next = N;

  /** A generator for a seed from 0 to 2^31 - 1. */
  public PythonRandom(int seed) {
    seedWithNumber(19650218);
    int i = 1;
    for (int k = 0; k < N; k++) {
      int before = state[i - 1] ^ (state[i - 1] >>> 30);
      state[i] = (state[i] ^ (before * 1664525)) + seed;
      i++;
      if (i >= N) {
        state[0] = state[N - 1];
        i = 1;
      }
    }
    for (int k = 0; k < N - 1; k++) {
      int before = state[i - 1] ^ (state[i - 1] >>> 30);
      state[i] = (state[i] ^ (before * 1566083941)) - i;
      i++;
      if (i >= N) {
        state[0] = state[N - 1];
        i = 1;
      }
    }
    state[0] = 0x80000000;
  }

  private void seedWithNumber(int seed) {
    state[0] = seed;
    for (int i = 1; i < N; i++) {
      state[i] = 1812433253 * (state[i - 1] ^ (state[i - 1] >>> 30)) + i;
    }
  }

  private int nextInt() {
    if (next == N) {
      for (int i = 0; i < N; i++) {
        int mixed = (state[i] & 0x80000000) | (state[(i + 1) % N] & 0x7fffffff);
        state[i] = state[(i + M) % N] ^ (mixed >>> 1) ^ ((mixed & 1) * 0x9908b0df);
      }
      next = 0;
    }
    int y = state[next];
    next++;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return y ^ (y >>> 18);
  }

  /** {@code _randbelow(bound)}: a number from 0 to bound - 1. */
  public int below(int bound) {
    int bits = 32 - Integer.numberOfLeadingZeros(bound);
    int drawn = nextInt() >>> (32 - bits);
    while (drawn >= bound) {
      drawn = nextInt() >>> (32 - bits);
    }
    return drawn;
  }

  /**
   * {@code sample(population, count)}: elements without repetition, in the order drawn.
   *
   * @throws IllegalArgumentException when the population has fewer than {@code count}
   */
  public <T> List<T> sample(List<T> population, int count) {
    int size = population.size();
    if (count < 0 || count > size) {
      throw new IllegalArgumentException(count + " of " + size);
    }
    List<T> drawn = new ArrayList<>(count);
    // Python takes the way that needs less memory: a copy of the pool, or a set of what was drawn.
    int setSize = 21;
    if (count > 5) {
      setSize += (int) Math.pow(4, Math.ceil(Math.log(count * 3.0) / Math.log(4)));
    }
    if (size <= setSize) {
      List<T> pool = new ArrayList<>(population);
      for (int i = 0; i < count; i++) {
        int j = below(size - i);
        drawn.add(pool.get(j));
        pool.set(j, pool.get(size - i - 1));
      }
      return drawn;
    }
    Set<Integer> taken = new HashSet<>();
    for (int i = 0; i < count; i++) {
      int j = below(size);
      while (!taken.add(j)) {
        j = below(size);
      }
      drawn.add(population.get(j));
    }
    return drawn;
  }
}
