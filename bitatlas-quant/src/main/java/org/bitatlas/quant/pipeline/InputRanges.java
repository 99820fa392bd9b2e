package org.bitatlas.quant.pipeline;

import java.util.Arrays;
import org.bitatlas.tensor.Tensor;

/** Smallest and largest input of every channel of an input group. */
final class InputRanges {

  private final float[] low;
  private final float[] high;

  /** Ranges of K channels, empty so far. */
  InputRanges(int columns) {
    low = new float[columns];
    high = new float[columns];
    Arrays.fill(low, Float.POSITIVE_INFINITY);
    Arrays.fill(high, Float.NEGATIVE_INFINITY);
  }

  /** The ranges of one batch X [tokens x K]. */
  static InputRanges of(Tensor inputs) {
    InputRanges ranges = new InputRanges((int) inputs.size(1));
    System.arraycopy(inputs.amin(0).toFloats(), 0, ranges.low, 0, ranges.low.length);
    System.arraycopy(inputs.amax(0).toFloats(), 0, ranges.high, 0, ranges.high.length);
    return ranges;
  }

  void merge(InputRanges other) {
    for (int k = 0; k < low.length; k++) {
      low[k] = Math.min(low[k], other.low[k]);
      high[k] = Math.max(high[k], other.high[k]);
    }
  }

  /** max |x| per channel [K]. */
  float[] absoluteMaxima() {
    float[] maxima = new float[low.length];
    for (int k = 0; k < low.length; k++) {
      maxima[k] = Math.max(-low[k], high[k]);
    }
    return maxima;
  }

  /** Smallest input of all channels. */
  float lowest() {
    float lowest = Float.POSITIVE_INFINITY;
    for (float value : low) {
      lowest = Math.min(lowest, value);
    }
    return lowest;
  }

  /** Largest input of all channels. */
  float highest() {
    float highest = Float.NEGATIVE_INFINITY;
    for (float value : high) {
      highest = Math.max(highest, value);
    }
    return highest;
  }
}
