package org.bitatlas.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Exact 32-bit sums of signed codes from a product of unsigned by signed ones: x w = (x + 128) w -
 * 128 w.
 *
 * <p>Where the CPU has no signed product oneDNN does the same inside, but then hands 32-bit sums
 * through single precision, which is wrong above 2^24. Its unsigned product goes straight to 32
 * bits, wrapping, so that the difference is right whenever it fits.
 */
final class MatmulSignedCodes {

  /** Sums of up to this many products stay within 2^24 and are exact in single precision. */
  static final int EXACT_IN_SINGLE_PRECISION = 1024;

  private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
  private static final long TOP_BITS = 0x8080808080808080L;

  private MatmulSignedCodes() {}

  /** Writes {@code codes + 128} as unsigned bytes. */
  static void shift(long from, long to, long bytes) {
    long whole = bytes & -Long.BYTES;
    for (long i = 0; i < whole; i += Long.BYTES) {
      ALL.set(LONG, to + i, ALL.get(LONG, from + i) ^ TOP_BITS);
    }
    for (long i = whole; i < bytes; i++) {
      ALL.set(
          ValueLayout.JAVA_BYTE, to + i, (byte) (ALL.get(ValueLayout.JAVA_BYTE, from + i) ^ 0x80));
    }
  }

  /**
   * Subtracts what the shift added.
   *
   * @param sums Y [rows x columns] inside rows of {@code stride} elements
   * @param surplus 128 times the sum of each output feature's codes [columns]
   */
  static void correct(long sums, long stride, int rows, int columns, long surplus) {
    for (int row = 0; row < rows; row++) {
      long start = sums + row * stride * Integer.BYTES;
      for (long i = 0; i < (long) columns * Integer.BYTES; i += Integer.BYTES) {
        ALL.set(INT, start + i, ALL.get(INT, start + i) - ALL.get(INT, surplus + i));
      }
    }
  }

  /** 128 times the sum of each row of W [N x K], modulo 2^32. */
  static int[] surplus(MatmulWeight weight) {
    int depth = weight.inputFeatures();
    int[] surplus = new int[weight.outputFeatures()];
    for (int n = 0; n < surplus.length; n++) {
      int sum = 0;
      for (long k = 0; k < depth; k++) {
        sum += weight.values().get(ValueLayout.JAVA_BYTE, (long) n * depth + k);
      }
      surplus[n] = sum << 7;
    }
    return surplus;
  }
}
