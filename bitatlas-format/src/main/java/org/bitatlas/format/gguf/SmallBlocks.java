package org.bitatlas.format.gguf;

/**
 * Rows in blocks of 32 weights. A block begins with its scale d, and with its minimum m where it
 * has one, both in half precision. Byte j of the 16 bytes of nibbles holds weight j in its low and
 * weight j + 16 in its high half; the fifth bit of weight j is bit j of a 32-bit word before them.
 * A weight is d * (q - 2^(bits-1)), or d * q + m with a minimum.
 */
final class SmallBlocks {

  static final int WEIGHTS = 32;
  static final int HALF = 16;

  private SmallBlocks() {}

  static void q8(byte[] blocks, float[] weights) {
    for (int at = 0, k = 0; k < weights.length; at += 2) {
      float scale = LittleEndian.half(blocks, at);
      for (int end = k + WEIGHTS; k < end; k++, at++) {
        weights[k] = scale * blocks[at + 2];
      }
    }
  }

  static void q4(byte[] blocks, float[] weights) {
    for (int at = 0, k = 0; k < weights.length; at += 18, k += WEIGHTS) {
      float scale = LittleEndian.half(blocks, at);
      for (int j = 0; j < HALF; j++) {
        int pair = blocks[at + 2 + j] & 0xFF;
        weights[k + j] = scale * ((pair & 0xF) - 8);
        weights[k + HALF + j] = scale * ((pair >>> 4) - 8);
      }
    }
  }

  static void q4WithMinimum(byte[] blocks, float[] weights) {
    for (int at = 0, k = 0; k < weights.length; at += 20, k += WEIGHTS) {
      float scale = LittleEndian.half(blocks, at);
      float minimum = LittleEndian.half(blocks, at + 2);
      for (int j = 0; j < HALF; j++) {
        int pair = blocks[at + 4 + j] & 0xFF;
        weights[k + j] = scale * (pair & 0xF) + minimum;
        weights[k + HALF + j] = scale * (pair >>> 4) + minimum;
      }
    }
  }

  static void q5(byte[] blocks, float[] weights) {
    for (int at = 0, k = 0; k < weights.length; at += 22, k += WEIGHTS) {
      float scale = LittleEndian.half(blocks, at);
      int fifths = LittleEndian.bits32(blocks, at + 2);
      for (int j = 0; j < HALF; j++) {
        int pair = blocks[at + 6 + j] & 0xFF;
        weights[k + j] = scale * (low(pair, fifths, j) - 16);
        weights[k + HALF + j] = scale * (high(pair, fifths, j) - 16);
      }
    }
  }

  static void q5WithMinimum(byte[] blocks, float[] weights) {
    for (int at = 0, k = 0; k < weights.length; at += 24, k += WEIGHTS) {
      float scale = LittleEndian.half(blocks, at);
      float minimum = LittleEndian.half(blocks, at + 2);
      int fifths = LittleEndian.bits32(blocks, at + 4);
      for (int j = 0; j < HALF; j++) {
        int pair = blocks[at + 8 + j] & 0xFF;
        weights[k + j] = scale * low(pair, fifths, j) + minimum;
        weights[k + HALF + j] = scale * high(pair, fifths, j) + minimum;
      }
    }
  }

  private static int low(int pair, int fifths, int j) {
    return (pair & 0xF) | ((fifths >>> j) & 1) << 4;
  }

  private static int high(int pair, int fifths, int j) {
    return (pair >>> 4) | ((fifths >>> (j + HALF)) & 1) << 4;
  }
}
