package org.bitatlas.format.gguf;

/** Rows of F32, F16 and BF16: a block is one weight. */
final class FloatBlocks {

  private FloatBlocks() {}

  static void single(byte[] blocks, float[] weights) {
    for (int k = 0; k < weights.length; k++) {
      weights[k] = Float.intBitsToFloat(LittleEndian.bits32(blocks, 4 * k));
    }
  }

  static void half(byte[] blocks, float[] weights) {
    for (int k = 0; k < weights.length; k++) {
      weights[k] = LittleEndian.half(blocks, 2 * k);
    }
  }

  static void brain(byte[] blocks, float[] weights) {
    for (int k = 0; k < weights.length; k++) {
      weights[k] = Float.intBitsToFloat(LittleEndian.bits16(blocks, 2 * k) << 16);
    }
  }

  static void encodeSingle(float[] weights, byte[] blocks) {
    for (int k = 0; k < weights.length; k++) {
      LittleEndian.put32(blocks, 4 * k, Float.floatToRawIntBits(weights[k]));
    }
  }

  static void encodeHalf(float[] weights, byte[] blocks) {
    for (int k = 0; k < weights.length; k++) {
      LittleEndian.putHalf(blocks, 2 * k, weights[k]);
    }
  }

  /** Rounds half to even. */
  static void encodeBrain(float[] weights, byte[] blocks) {
    for (int k = 0; k < weights.length; k++) {
      int bits = Float.floatToRawIntBits(weights[k]);
      LittleEndian.put16(blocks, 2 * k, (short) ((bits + 0x7FFF + ((bits >>> 16) & 1)) >>> 16));
    }
  }
}
