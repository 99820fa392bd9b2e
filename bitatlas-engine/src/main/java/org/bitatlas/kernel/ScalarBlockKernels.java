package org.bitatlas.kernel;

import java.util.Arrays;

/** The truth: one element at a time. */
public final class ScalarBlockKernels implements BlockKernels {

  /** The scalar provider. */
  public ScalarBlockKernels() {}

  @Override
  public void add(float[] values, int from, int count, float[] target, int to) {
    for (int i = 0; i < count; i++) {
      target[to + i] += values[from + i];
    }
  }

  @Override
  public float sumOfSquares(float[] values, int from, int count, float[] chains) {
    Arrays.fill(chains, 0, CHAINS, 0);
    for (int i = 0; i < count; i++) {
      chains[i % CHAINS] = Math.fma(values[from + i], values[from + i], chains[i % CHAINS]);
    }
    return inPairs(chains);
  }

  static float inPairs(float[] chains) {
    for (int half = CHAINS / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; i++) {
        chains[i] += chains[i + half];
      }
    }
    return chains[0];
  }

  @Override
  public void scale(
      float[] values, int from, int count, float factor, float[] weight, float[] target, int to) {
    for (int i = 0; i < count; i++) {
      target[to + i] = values[from + i] * factor * weight[i];
    }
  }

  @Override
  public void swiGlu(float[] gate, int from, float[] up, int first, int count) {
    for (int i = 0; i < count; i++) {
      gate[from + i] = swiGlu(gate[from + i], up[first + i]);
    }
  }

  /** x * sigmoid(x) * up, by the exponential of what is not positive. */
  static float swiGlu(float x, float up) {
    float e = Exponential.of(-Math.abs(x));
    return x * (x < 0 ? e : 1) / (1 + e) * up;
  }

  @Override
  public void rotate(float[] heads, int from, int dimension, float[] tables) {
    int half = dimension / 2;
    for (int i = 0; i < half; i++) {
      float first = heads[from + i];
      float second = heads[from + half + i];
      heads[from + i] = Math.fma(second, tables[dimension + i], first * tables[i]);
      heads[from + half + i] =
          Math.fma(first, tables[dimension + half + i], second * tables[half + i]);
    }
  }
}
