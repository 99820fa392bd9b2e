package org.bitatlas.quant.rounding;

/**
 * Mean and mean distance from it of some numbers: each is then mean + scale or mean - scale.
 *
 * @param mean mu
 * @param scale a, mostly mean |x - mu|
 */
record BinaryTerm(float mean, float scale) {

  /** The term of the masked values; 0 and 0 when there are none. */
  static BinaryTerm fit(float[] values, boolean[] mask) {
    double sum = 0;
    int count = 0;
    for (int k = 0; k < values.length; k++) {
      if (mask[k]) {
        sum += values[k];
        count++;
      }
    }
    if (count == 0) {
      return new BinaryTerm(0, 0);
    }
    float mean = (float) (sum / count);
    double distance = 0;
    for (int k = 0; k < values.length; k++) {
      if (mask[k]) {
        distance += Math.abs(values[k] - mean);
      }
    }
    return new BinaryTerm(mean, (float) (distance / count));
  }

  /**
   * The term of {@code values[from .. to)}.
   *
   * @param centred whether the scale is the mean distance from the mean; if not, that from zero,
   *     which SliM-LLM's reference takes
   */
  static BinaryTerm fit(float[] values, int from, int to, boolean centred) {
    double sum = 0;
    for (int k = from; k < to; k++) {
      sum += values[k];
    }
    float mean = (float) (sum / (to - from));
    float centre = centred ? mean : 0;
    double distance = 0;
    for (int k = from; k < to; k++) {
      distance += Math.abs(values[k] - centre);
    }
    return new BinaryTerm(mean, (float) (distance / (to - from)));
  }

  /** What stands for {@code value}; a value at the mean counts as above it. */
  float nearest(float value) {
    return (isAbove(value) ? scale : -scale) + mean;
  }

  /** Whether {@code value} is at the mean or above it. */
  boolean isAbove(float value) {
    return value >= mean;
  }

  /** Takes the term away from the masked values and notes which were at or above the mean. */
  void subtract(float[] values, boolean[] mask, boolean[] above, int aboveAt) {
    for (int k = 0; k < values.length; k++) {
      if (mask[k]) {
        above[aboveAt + k] = isAbove(values[k]);
        values[k] -= nearest(values[k]);
      }
    }
  }
}
