package org.bitatlas.format.gguf;

import java.util.Arrays;

/**
 * The search for scale and minimum of a sub-block with codes 0 .. steps (ggml-quants.c, {@code
 * make_qkx2_quants}). Weight w counts a = rms(w) + |w|. From w ~ scale q + low, low not above 0:
 *
 * <ol>
 *   <li>start with low = min(0, min w), scale = (max w - low) / steps, codes rounded
 *   <li>for s = 0 .. 20: round with scale (max w - low) / (steps - 1 + s / 10), solve the weighted
 *       least squares for scale and low with these codes (low is 0 where it would be above), and
 *       keep them where the weighted squared error is less. A kept low is the next candidate's.
 * </ol>
 *
 * Sums are in single precision in the reference's order, so that ties fall alike.
 */
final class RangeFit {

  private static final int CANDIDATES = 20;
  private static final float NARROWEST = -1;
  private static final float STEP = 0.1f;

  private final int size;
  private final int steps;
  private final float[] importance;
  private final int[] tried;
  private float scale;
  private float low;

  /**
   * A search for sub-blocks of {@code size} weights.
   *
   * @param steps largest code
   */
  RangeFit(int size, int steps) {
    this.size = size;
    this.steps = steps;
    this.importance = new float[size];
    this.tried = new int[size];
  }

  /** The scale that was found; 0 where all weights are the same and not above 0. */
  float scale() {
    return scale;
  }

  /** The value of code 0, at most 0. */
  float low() {
    return low;
  }

  /**
   * Searches one sub-block and writes its codes.
   *
   * @param weights holds the sub-block from {@code from}
   * @param codes gets the codes from {@code to}
   */
  void search(float[] weights, int from, int[] codes, int to) {
    weigh(weights, from);
    float high = weights[from];
    low = weights[from];
    float sumA = importance[0];
    float sumX = sumA * weights[from];
    for (int i = 1; i < size; i++) {
      float w = weights[from + i];
      low = Math.min(low, w);
      high = Math.max(high, w);
      sumA += importance[i];
      sumX += importance[i] * w;
    }
    low = Math.min(low, 0);
    if (high == low) {
      scale = 0;
      Arrays.fill(codes, to, to + size, 0);
      return;
    }
    float inverse = steps / (high - low);
    scale = 1 / inverse;
    round(weights, from, inverse);
    System.arraycopy(tried, 0, codes, to, size);
    float least = error(weights, from, scale, low);
    for (int s = 0; s <= CANDIDATES; s++) {
      round(weights, from, (NARROWEST + STEP * s + steps) / (high - low));
      float sumL = 0;
      float sumL2 = 0;
      float sumXl = 0;
      for (int i = 0; i < size; i++) {
        float weighted = importance[i] * tried[i];
        sumL += weighted;
        sumL2 += weighted * tried[i];
        sumXl += weighted * weights[from + i];
      }
      float determinant = sumA * sumL2 - sumL * sumL;
      if (!(determinant > 0)) {
        continue;
      }
      float triedScale = (sumA * sumXl - sumX * sumL) / determinant;
      float triedLow = (sumL2 * sumX - sumL * sumXl) / determinant;
      if (triedLow > 0) {
        triedLow = 0;
        triedScale = sumXl / sumL2;
      }
      float error = error(weights, from, triedScale, triedLow);
      if (error < least) {
        least = error;
        scale = triedScale;
        low = triedLow;
        System.arraycopy(tried, 0, codes, to, size);
      }
    }
  }

  private void weigh(float[] weights, int from) {
    float squares = 0;
    for (int i = 0; i < size; i++) {
      squares += weights[from + i] * weights[from + i];
    }
    float typical = (float) Math.sqrt(squares / size);
    for (int i = 0; i < size; i++) {
      importance[i] = typical + Math.abs(weights[from + i]);
    }
  }

  private void round(float[] weights, int from, float inverse) {
    for (int i = 0; i < size; i++) {
      tried[i] =
          Math.clamp(SuperBlockEncoder.nearest(inverse * (weights[from + i] - low)), 0, steps);
    }
  }

  private float error(float[] weights, int from, float triedScale, float triedLow) {
    float error = 0;
    for (int i = 0; i < size; i++) {
      float difference = triedScale * tried[i] + triedLow - weights[from + i];
      error += importance[i] * (difference * difference);
    }
    return error;
  }
}
