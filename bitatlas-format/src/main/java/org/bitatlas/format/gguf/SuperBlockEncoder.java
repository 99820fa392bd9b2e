package org.bitatlas.format.gguf;

import java.util.Arrays;

/**
 * Rounds rows to Q4_K and Q6_K blocks of 256 weights without an importance matrix, step by step as
 * ggml's reference does (ggml-quants.c, {@code quantize_row_q4_K_ref} and {@code
 * quantize_row_q6_K_ref}): each sub-block gets the scale that a search finds, the scales are
 * rounded to whole numbers on the grid of the largest, and the codes follow from the rounded
 * scales.
 */
final class SuperBlockEncoder {

  private static final int WEIGHTS = SuperBlocks.WEIGHTS;
  private static final int SUB_BLOCKS_OF_Q4 = 8;
  private static final int SUB_BLOCKS_OF_Q6 = 16;

  private SuperBlockEncoder() {}

  static void q4(float[] weights, byte[] blocks) {
    RangeFit fit = new RangeFit(WEIGHTS / SUB_BLOCKS_OF_Q4, 15);
    int[] codes = new int[WEIGHTS];
    for (int at = 0, k = 0; k < weights.length; at += 144, k += WEIGHTS) {
      q4Block(weights, k, fit, codes, blocks, at);
    }
  }

  private static void q4Block(
      float[] weights, int from, RangeFit fit, int[] codes, byte[] blocks, int at) {
    float[] scales = new float[SUB_BLOCKS_OF_Q4];
    float[] minimums = new float[SUB_BLOCKS_OF_Q4];
    float largestScale = 0;
    float largestMinimum = 0;
    for (int sub = 0; sub < SUB_BLOCKS_OF_Q4; sub++) {
      fit.search(weights, from + 32 * sub, codes, 32 * sub);
      scales[sub] = fit.scale();
      minimums[sub] = -fit.low();
      largestScale = Math.max(largestScale, scales[sub]);
      largestMinimum = Math.max(largestMinimum, minimums[sub]);
    }
    float scaleSteps = largestScale > 0 ? 63 / largestScale : 0;
    float minimumSteps = largestMinimum > 0 ? 63 / largestMinimum : 0;
    LittleEndian.putHalf(blocks, at, largestScale / 63);
    LittleEndian.putHalf(blocks, at + 2, largestMinimum / 63);
    Arrays.fill(blocks, at + 4, at + 16, (byte) 0);
    for (int sub = 0; sub < SUB_BLOCKS_OF_Q4; sub++) {
      int scale = Math.min(63, nearest(scaleSteps * scales[sub]) & 0xFF);
      int minimum = Math.min(63, nearest(minimumSteps * minimums[sub]) & 0xFF);
      putScaleAndMinimum(blocks, at + 4, sub, scale, minimum);
    }
    for (int sub = 0; sub < SUB_BLOCKS_OF_Q4; sub++) {
      float step = LittleEndian.half(blocks, at) * SuperBlocks.scaleOf(blocks, at + 4, sub);
      if (step == 0) {
        continue;
      }
      float low = LittleEndian.half(blocks, at + 2) * SuperBlocks.minimumOf(blocks, at + 4, sub);
      for (int j = 32 * sub; j < 32 * sub + 32; j++) {
        codes[j] = Math.clamp(nearest((weights[from + j] + low) / step), 0, 15);
      }
    }
    for (int j = 0; j < WEIGHTS / 2; j++) {
      int low = j / 32 * 64 + j % 32;
      blocks[at + 16 + j] = (byte) (codes[low] | codes[low + 32] << 4);
    }
  }

  /** Puts a 6-bit scale and minimum among the 12 bytes at {@code at}, which were zero at first. */
  private static void putScaleAndMinimum(byte[] blocks, int at, int sub, int scale, int minimum) {
    if (sub < 4) {
      blocks[at + sub] = (byte) scale;
      blocks[at + sub + 4] = (byte) minimum;
    } else {
      blocks[at + sub + 4] = (byte) ((scale & 0xF) | (minimum & 0xF) << 4);
      blocks[at + sub - 4] |= (byte) (scale >>> 4 << 6);
      blocks[at + sub] |= (byte) (minimum >>> 4 << 6);
    }
  }

  static void q6(float[] weights, byte[] blocks) {
    int[] codes = new int[WEIGHTS];
    for (int at = 0, k = 0; k < weights.length; at += 210, k += WEIGHTS) {
      q6Block(weights, k, codes, blocks, at);
    }
  }

  private static void q6Block(float[] weights, int from, int[] codes, byte[] blocks, int at) {
    float[] scales = new float[SUB_BLOCKS_OF_Q6];
    float largest = 0;
    for (int sub = 0; sub < SUB_BLOCKS_OF_Q6; sub++) {
      scales[sub] = ScaleFit.search(weights, from + 16 * sub, codes, 16 * sub);
      if (Math.abs(scales[sub]) > Math.abs(largest)) {
        largest = scales[sub];
      }
    }
    Arrays.fill(blocks, at, at + 210, (byte) 0);
    if (Math.abs(largest) < ScaleFit.NOTHING) {
      return;
    }
    float steps = -128 / largest;
    LittleEndian.putHalf(blocks, at + 208, 1 / steps);
    for (int sub = 0; sub < SUB_BLOCKS_OF_Q6; sub++) {
      blocks[at + 192 + sub] = (byte) Math.min(127, nearest(steps * scales[sub]));
      float step = LittleEndian.half(blocks, at + 208) * blocks[at + 192 + sub];
      if (step == 0) {
        continue;
      }
      for (int j = 16 * sub; j < 16 * sub + 16; j++) {
        codes[j] = Math.clamp(nearest(weights[from + j] / step), -32, 31) + 32;
      }
    }
    for (int half = 0; half < 2; half++) {
      for (int l = 0; l < 32; l++) {
        int j = 128 * half + l;
        int low = at + 64 * half + l;
        blocks[low] = (byte) ((codes[j] & 0xF) | (codes[j + 64] & 0xF) << 4);
        blocks[low + 32] = (byte) ((codes[j + 32] & 0xF) | (codes[j + 96] & 0xF) << 4);
        blocks[at + 128 + 32 * half + l] =
            (byte)
                (codes[j] >>> 4
                    | codes[j + 32] >>> 4 << 2
                    | codes[j + 64] >>> 4 << 4
                    | codes[j + 96] >>> 4 << 6);
      }
    }
  }

  /** The nearest whole number, half to even. */
  static int nearest(float value) {
    return (int) Math.rint(value);
  }
}
