package org.bitatlas.format.gguf;

import java.util.Arrays;

/**
 * The search for the scale of a sub-block of Q6_K, codes -32 .. 31 (ggml-quants.c, {@code
 * make_qx_quants} with squared weights as importance). For s = 0, -9 .. 9 the weights are rounded
 * with scale -w_max / (32 + s / 10), w_max the weight of largest magnitude; of the least-squares
 * scales sum(w^2 w q) / sum(w^2 q^2) the one with the least weighted squared error is kept.
 */
final class ScaleFit {

  /** A sub-block whose weights are all below is zero. */
  static final float NOTHING = 1e-15f;

  private static final int SIZE = 16;
  private static final int MIDDLE = 32;
  private static final int CANDIDATES = 9;
  private static final float STEP = 0.1f;

  private ScaleFit() {}

  /**
   * Searches one sub-block of 16 weights.
   *
   * @param weights holds the sub-block from {@code from}
   * @param codes gets the codes plus 32 from {@code to}
   * @return the scale; it may be negative
   */
  static float search(float[] weights, int from, int[] codes, int to) {
    float extreme = 0;
    for (int i = 0; i < SIZE; i++) {
      if (Math.abs(weights[from + i]) > Math.abs(extreme)) {
        extreme = weights[from + i];
      }
    }
    if (Math.abs(extreme) < NOTHING) {
      Arrays.fill(codes, to, to + SIZE, 0);
      return 0;
    }
    float inverse = -MIDDLE / extreme;
    float products = 0;
    float squares = 0;
    for (int i = 0; i < SIZE; i++) {
      float w = weights[from + i];
      int code = code(inverse * w);
      codes[to + i] = code + MIDDLE;
      products += w * w * w * code;
      squares += w * w * code * code;
    }
    float scale = squares == 0 ? 0 : products / squares;
    float best = scale * products;
    for (int s = -CANDIDATES; s <= CANDIDATES; s++) {
      if (s == 0) {
        continue;
      }
      inverse = -(MIDDLE + STEP * s) / extreme;
      products = 0;
      squares = 0;
      for (int i = 0; i < SIZE; i++) {
        float w = weights[from + i];
        int code = code(inverse * w);
        products += w * w * w * code;
        squares += w * w * code * code;
      }
      if (squares > 0 && products * products > best * squares) {
        for (int i = 0; i < SIZE; i++) {
          codes[to + i] = code(inverse * weights[from + i]) + MIDDLE;
        }
        scale = products / squares;
        best = scale * products;
      }
    }
    return scale;
  }

  private static int code(float value) {
    return Math.clamp(SuperBlockEncoder.nearest(value), -MIDDLE, MIDDLE - 1);
  }
}
