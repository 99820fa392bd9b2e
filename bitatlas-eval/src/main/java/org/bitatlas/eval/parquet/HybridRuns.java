package org.bitatlas.eval.parquet;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** Numbers of a fixed bit width, in runs of one value and in groups of eight packed ones. */
final class HybridRuns {

  private HybridRuns() {}

  /**
   * Reads {@code count} numbers.
   *
   * @param width bits of a number, 0 to 32
   */
  static int[] read(ByteBuffer in, int width, int count) {
    int[] values = new int[count];
    if (width == 0) {
      return values;
    }
    if (width > 32) {
      throw new MalformedParquet("a page has numbers of " + width + " bits");
    }
    int at = 0;
    while (at < count) {
      long head = CompactReader.varint(in);
      if ((head & 1) == 0) {
        int run = (int) Math.min(head >>> 1, count - at);
        int value = 0;
        for (int i = 0; i < (width + 7) / 8; i++) {
          value |= (in.get() & 0xff) << (8 * i);
        }
        Arrays.fill(values, at, at + run, value);
        at += run;
        if (run == 0) {
          throw new MalformedParquet("a page has an empty run");
        }
      } else {
        at = packed(in, width, (head >>> 1) * 8, values, at);
      }
    }
    return values;
  }

  private static int packed(ByteBuffer in, int width, long numbers, int[] values, int from) {
    if (numbers == 0 || numbers * width / 8 > in.remaining() + 8L * width) {
      throw new MalformedParquet("a page has a run that is longer than itself");
    }
    long bits = 0;
    int held = 0;
    int at = from;
    long mask = (1L << width) - 1;
    for (long i = 0; i < numbers; i++) {
      while (held < width) {
        // The last group may be cut off where nothing of it counts.
        long next = in.hasRemaining() ? in.get() & 0xff : 0;
        bits |= next << held;
        held += 8;
      }
      if (at < values.length) {
        values[at++] = (int) (bits & mask);
      }
      bits >>>= width;
      held -= width;
    }
    return at;
  }
}
