package org.bitatlas.format.gguf;

/**
 * Rows in blocks of 256 weights (the K types). A block has a scale d, some a scale of minimums too,
 * in half precision; its sub-blocks of 16 or 32 weights have small whole numbers s (and m) that
 * multiply them: a weight is (d s) q or (d s) q - (dmin m).
 */
final class SuperBlocks {

  static final int WEIGHTS = 256;

  private SuperBlocks() {}

  /**
   * 16 bytes of (scale, minimum) nibbles, 64 bytes of codes, d, dmin. Two halves of 128 weights:
   * bits 2j of 32 bytes hold weights 32 j to 32 j + 31.
   */
  static void q2(byte[] blocks, float[] weights) {
    for (int at = 0, k = 0; k < weights.length; at += 84) {
      float scale = LittleEndian.half(blocks, at + 80);
      float minimum = LittleEndian.half(blocks, at + 82);
      for (int sub = 0; sub < 16; sub++) {
        int pair = blocks[at + sub] & 0xFF;
        float step = scale * (pair & 0xF);
        float offset = minimum * (pair >>> 4);
        int codes = at + 16 + 32 * (sub / 8) + 16 * (sub % 2);
        int shift = 2 * (sub % 8 / 2);
        for (int l = 0; l < 16; l++, k++) {
          weights[k] = step * ((blocks[codes + l] >>> shift) & 3) - offset;
        }
      }
    }
  }

  /**
   * 32 bytes of third bits, 64 bytes of codes as in {@link #q2}, 12 bytes of 6-bit scales, d. A
   * third bit that is missing takes 4 off.
   */
  static void q3(byte[] blocks, float[] weights) {
    for (int at = 0, k = 0; k < weights.length; at += 110) {
      float scale = LittleEndian.half(blocks, at + 108);
      for (int sub = 0; sub < 16; sub++) {
        float step = scale * (scaleOfQ3(blocks, at + 96, sub) - 32);
        int codes = at + 32 + 32 * (sub / 8) + 16 * (sub % 2);
        int thirds = at + 16 * (sub % 2);
        int shift = 2 * (sub % 8 / 2);
        for (int l = 0; l < 16; l++, k++) {
          int third = (blocks[thirds + l] >>> (sub / 2)) & 1;
          weights[k] = step * (((blocks[codes + l] >>> shift) & 3) + 4 * third - 4);
        }
      }
    }
  }

  /** The 6-bit scale, plus 32, of sub-block {@code sub} of a Q3_K block. */
  static int scaleOfQ3(byte[] blocks, int at, int sub) {
    int low = (blocks[at + sub % 8] >>> (sub / 8 * 4)) & 0xF;
    int high = (blocks[at + 8 + sub % 4] >>> (2 * (sub / 4))) & 3;
    return low | high << 4;
  }

  /** d, dmin, 12 bytes of 6-bit scales and minimums, 128 bytes of nibbles. */
  static void q4(byte[] blocks, float[] weights) {
    for (int at = 0, k = 0; k < weights.length; at += 144) {
      float scale = LittleEndian.half(blocks, at);
      float minimum = LittleEndian.half(blocks, at + 2);
      for (int sub = 0; sub < 8; sub++) {
        float step = scale * scaleOf(blocks, at + 4, sub);
        float offset = minimum * minimumOf(blocks, at + 4, sub);
        int codes = at + 16 + sub / 2 * 32;
        int shift = sub % 2 * 4;
        for (int l = 0; l < 32; l++, k++) {
          weights[k] = step * ((blocks[codes + l] >>> shift) & 0xF) - offset;
        }
      }
    }
  }

  /** As {@link #q4} with 32 bytes of fifth bits before the nibbles: bit s is of sub-block s. */
  static void q5(byte[] blocks, float[] weights) {
    for (int at = 0, k = 0; k < weights.length; at += 176) {
      float scale = LittleEndian.half(blocks, at);
      float minimum = LittleEndian.half(blocks, at + 2);
      for (int sub = 0; sub < 8; sub++) {
        float step = scale * scaleOf(blocks, at + 4, sub);
        float offset = minimum * minimumOf(blocks, at + 4, sub);
        int codes = at + 48 + sub / 2 * 32;
        int shift = sub % 2 * 4;
        for (int l = 0; l < 32; l++, k++) {
          int fifth = (blocks[at + 16 + l] >>> sub) & 1;
          weights[k] = step * (((blocks[codes + l] >>> shift) & 0xF) | fifth << 4) - offset;
        }
      }
    }
  }

  /**
   * 128 bytes of low nibbles, 64 bytes of high pairs of bits, 16 signed scales, d. Two halves of
   * 128 weights: quarter j of a half has its nibbles in byte 32 (j % 2) + l, low ones for j below
   * 2, and its pairs at bits 2j of byte l.
   */
  static void q6(byte[] blocks, float[] weights) {
    for (int at = 0, k = 0; k < weights.length; at += 210) {
      float scale = LittleEndian.half(blocks, at + 208);
      for (int sub = 0; sub < 16; sub++) {
        float step = scale * blocks[at + 192 + sub];
        for (int l = 0; l < 16; l++, k++) {
          weights[k] = step * (codeOfQ6(blocks, at, sub * 16 + l) - 32);
        }
      }
    }
  }

  /** Code of weight {@code index} of the Q6_K block at {@code at}, 0 to 63. */
  static int codeOfQ6(byte[] blocks, int at, int index) {
    int half = index / 128;
    int quarter = index % 128 / 32;
    int l = index % 32;
    int low = (blocks[at + 64 * half + 32 * (quarter % 2) + l] >>> (quarter / 2 * 4)) & 0xF;
    int high = (blocks[at + 128 + 32 * half + l] >>> (2 * quarter)) & 3;
    return low | high << 4;
  }

  /** The 6-bit scale of sub-block {@code sub} of a Q4_K or Q5_K block. */
  static int scaleOf(byte[] blocks, int at, int sub) {
    return sub < 4
        ? blocks[at + sub] & 63
        : (blocks[at + sub + 4] & 0xF) | ((blocks[at + sub - 4] & 0xFF) >>> 6) << 4;
  }

  /** The 6-bit minimum of sub-block {@code sub} of a Q4_K or Q5_K block. */
  static int minimumOf(byte[] blocks, int at, int sub) {
    return sub < 4
        ? blocks[at + sub + 4] & 63
        : ((blocks[at + sub + 4] & 0xFF) >>> 4) | ((blocks[at + sub] & 0xFF) >>> 6) << 4;
  }
}
