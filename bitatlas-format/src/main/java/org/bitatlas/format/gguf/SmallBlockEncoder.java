package org.bitatlas.format.gguf;

/**
 * Rounds rows to blocks of 32 weights, as ggml's reference does (ggml-quants.c): scales in single
 * precision decide the codes, and are then stored in half precision.
 */
final class SmallBlockEncoder {

  private static final int WEIGHTS = SmallBlocks.WEIGHTS;
  private static final int HALF = SmallBlocks.HALF;

  private SmallBlockEncoder() {}

  /** d = max|w| / 127, q = w / d rounded half away from zero. */
  static void q8(float[] weights, byte[] blocks) {
    for (int at = 0, k = 0; k < weights.length; at += 34, k += WEIGHTS) {
      float scale = Math.abs(extreme(weights, k)) / 127;
      float inverse = inverse(scale);
      LittleEndian.putHalf(blocks, at, scale);
      for (int j = 0; j < WEIGHTS; j++) {
        blocks[at + 2 + j] = (byte) halfAwayFromZero(weights[k + j] * inverse);
      }
    }
  }

  private static int halfAwayFromZero(float value) {
    float magnitude = Math.abs(value);
    int whole = (int) magnitude;
    int rounded = magnitude - whole >= 0.5f ? whole + 1 : whole;
    return value < 0 ? -rounded : rounded;
  }

  /** d = -w_max / 8 for the weight of largest magnitude, q = w / d + 8, halves up. */
  static void q4(float[] weights, byte[] blocks) {
    int[] codes = new int[WEIGHTS];
    for (int at = 0, k = 0; k < weights.length; at += 18, k += WEIGHTS) {
      LittleEndian.putHalf(blocks, at, around(weights, k, 8, codes));
      putNibbles(codes, blocks, at + 2);
    }
  }

  /** As {@link #q4} with -w_max / 16 and q = w / d + 16. */
  static void q5(float[] weights, byte[] blocks) {
    int[] codes = new int[WEIGHTS];
    for (int at = 0, k = 0; k < weights.length; at += 22, k += WEIGHTS) {
      LittleEndian.putHalf(blocks, at, around(weights, k, 16, codes));
      putFifths(codes, blocks, at + 2);
      putNibbles(codes, blocks, at + 6);
    }
  }

  /** m = min w, d = (max w - m) / 15, q = (w - m) / d, halves up. */
  static void q4WithMinimum(float[] weights, byte[] blocks) {
    int[] codes = new int[WEIGHTS];
    for (int at = 0, k = 0; k < weights.length; at += 20, k += WEIGHTS) {
      between(weights, k, 15, codes, blocks, at);
      putNibbles(codes, blocks, at + 4);
    }
  }

  /** As {@link #q4WithMinimum} with 31 steps. */
  static void q5WithMinimum(float[] weights, byte[] blocks) {
    int[] codes = new int[WEIGHTS];
    for (int at = 0, k = 0; k < weights.length; at += 24, k += WEIGHTS) {
      between(weights, k, 31, codes, blocks, at);
      putFifths(codes, blocks, at + 4);
      putNibbles(codes, blocks, at + 8);
    }
  }

  /** Codes around {@code middle}; returns the scale. */
  private static float around(float[] weights, int from, int middle, int[] codes) {
    float scale = extreme(weights, from) / -middle;
    float inverse = inverse(scale);
    for (int j = 0; j < WEIGHTS; j++) {
      codes[j] = Math.min(2 * middle - 1, (int) (weights[from + j] * inverse + (middle + 0.5f)));
    }
    return scale;
  }

  /** Codes above the minimum; puts scale and minimum at byte {@code at}. */
  private static void between(
      float[] weights, int from, int steps, int[] codes, byte[] blocks, int at) {
    float low = weights[from];
    float high = weights[from];
    for (int k = from + 1; k < from + WEIGHTS; k++) {
      low = Math.min(low, weights[k]);
      high = Math.max(high, weights[k]);
    }
    float scale = (high - low) / steps;
    float inverse = inverse(scale);
    for (int j = 0; j < WEIGHTS; j++) {
      codes[j] = Math.min(steps, (int) ((weights[from + j] - low) * inverse + 0.5f));
    }
    LittleEndian.putHalf(blocks, at, scale);
    LittleEndian.putHalf(blocks, at + 2, low);
  }

  private static float inverse(float scale) {
    return scale == 0 ? 0 : 1 / scale;
  }

  /** The weight of largest magnitude of a block, the first of several. */
  private static float extreme(float[] weights, int from) {
    float extreme = weights[from];
    for (int k = from + 1; k < from + WEIGHTS; k++) {
      if (Math.abs(weights[k]) > Math.abs(extreme)) {
        extreme = weights[k];
      }
    }
    return extreme;
  }

  /** Puts the low four bits of 32 codes into 16 bytes. */
  static void putNibbles(int[] codes, byte[] blocks, int at) {
    for (int j = 0; j < HALF; j++) {
      blocks[at + j] = (byte) ((codes[j] & 0xF) | (codes[j + HALF] & 0xF) << 4);
    }
  }

  /** Puts the fifth bits of 32 codes into 4 bytes. */
  static void putFifths(int[] codes, byte[] blocks, int at) {
    int fifths = 0;
    for (int j = 0; j < WEIGHTS; j++) {
      fifths |= (codes[j] >>> 4 & 1) << j;
    }
    LittleEndian.put32(blocks, at, fifths);
  }
}
