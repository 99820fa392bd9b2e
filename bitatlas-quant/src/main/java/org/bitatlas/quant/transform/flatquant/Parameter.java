package org.bitatlas.quant.transform.flatquant;

import java.util.Arrays;

/**
 * Numbers that are learned.
 *
 * @param name the reference's module and what it is there, for example {@code ln_trans.left.u}
 * @param values row-major; training writes to them
 * @param shape sizes
 * @param rateFactor learning rate as a multiple of the transforms' rate
 */
record Parameter(String name, float[] values, long[] shape, double rateFactor) {

  /** Clipping learns ten times as fast as the transforms. */
  static final double CLIP_RATE_FACTOR = 10;

  /** sigmoid(4) = .982 is the clipping factor at the start. */
  static final float INITIAL_CLIP = 4;

  static Parameter matrix(String name, float[] values, int size) {
    return new Parameter(name, values, new long[] {size, size}, 1);
  }

  static Parameter ones(String name, int size) {
    return vector(name, filled(size, 1));
  }

  static Parameter vector(String name, float[] values) {
    return new Parameter(name, values, new long[] {values.length}, 1);
  }

  /** Clipping factors before the sigmoid, one per row of a weight. */
  static Parameter rowClip(String name, int rows) {
    return new Parameter(name, filled(rows, INITIAL_CLIP), new long[] {rows, 1}, CLIP_RATE_FACTOR);
  }

  /** One clipping factor before the sigmoid. */
  static Parameter clip(String name) {
    return new Parameter(name, filled(1, INITIAL_CLIP), new long[] {1}, CLIP_RATE_FACTOR);
  }

  boolean finite() {
    for (float value : values) {
      if (!Float.isFinite(value)) {
        return false;
      }
    }
    return true;
  }

  private static float[] filled(int count, float value) {
    float[] values = new float[count];
    Arrays.fill(values, value);
    return values;
  }
}
