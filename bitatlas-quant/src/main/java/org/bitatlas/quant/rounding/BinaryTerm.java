package org.bitatlas.quant.rounding;

/**
 * Mean and mean distance from it of some numbers: each is then mean + scale or mean - scale.
 *
 * @param mean mu
 * @param scale a = mean |x - mu|
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

  /** What stands for {@code value}; a value at the mean counts as above it. */
  float nearest(float value) {
    return (value >= mean ? scale : -scale) + mean;
  }

  /** Takes the term away from the masked values and notes which were at or above the mean. */
  void subtract(float[] values, boolean[] mask, boolean[] above, int aboveAt) {
    for (int k = 0; k < values.length; k++) {
      if (mask[k]) {
        above[aboveAt + k] = values[k] >= mean;
        values[k] -= nearest(values[k]);
      }
    }
  }
}
