package org.bitatlas.quant.rounding;

import java.util.Arrays;

/**
 * The weights of a row that are binarized once, in two groups by magnitude. Sorted by value, each
 * group is made of ranges, so running sums give the error of any split at once: with mean mu and
 * mean distance a of a group, its values below mu become mu - a, the others mu + a. All in fp64.
 */
final class SplitRow {

  private final int count;
  private final double[] values;
  private final double[] sums;
  private final double[] weights;
  private final double[] weighted;
  private final double[] squares;

  /**
   * Sorts a row.
   *
   * @param row the values [width]
   * @param taken [width] which of them
   * @param importance [width] what the squared error of each counts
   */
  SplitRow(float[] row, boolean[] taken, double[] importance) {
    long[] keys = new long[row.length];
    int taking = 0;
    for (int k = 0; k < row.length; k++) {
      if (taken[k]) {
        keys[taking++] = ((long) ascendingBits(row[k]) << Integer.SIZE) | k;
      }
    }
    Arrays.sort(keys, 0, taking);
    count = taking;
    values = new double[count];
    sums = new double[count + 1];
    weights = new double[count + 1];
    weighted = new double[count + 1];
    squares = new double[count + 1];
    for (int i = 0; i < count; i++) {
      int k = (int) keys[i];
      double value = row[k];
      double weight = importance[k];
      values[i] = value;
      sums[i + 1] = sums[i] + value;
      weights[i + 1] = weights[i] + weight;
      weighted[i + 1] = weighted[i] + weight * value;
      squares[i + 1] = squares[i] + weight * value * value;
    }
  }

  /** Bits whose order as a signed integer is the order of the values. */
  private static int ascendingBits(float value) {
    int bits = Float.floatToIntBits(value);
    return bits ^ ((bits >> (Integer.SIZE - 1)) & Integer.MAX_VALUE);
  }

  /** Weighted squared error when the values with |x| below {@code threshold} form one group. */
  double error(double threshold) {
    int low = firstAtLeast(0, count, Math.nextUp(-threshold));
    int high = Math.max(low, firstAtLeast(0, count, threshold));
    return groupError(low, high, high, high) + groupError(0, low, high, count);
  }

  /** Error of the group made of two ranges of the sorted values. */
  private double groupError(int from, int to, int secondFrom, int secondTo) {
    int size = to - from + secondTo - secondFrom;
    if (size == 0) {
      return 0;
    }
    double mean = (sums[to] - sums[from] + sums[secondTo] - sums[secondFrom]) / size;
    int middle = firstAtLeast(from, to, mean);
    int secondMiddle = firstAtLeast(secondFrom, secondTo, mean);
    double distance =
        distance(from, middle, to, mean) + distance(secondFrom, secondMiddle, secondTo, mean);
    double scale = distance / size;
    return error(from, middle, mean - scale)
        + error(middle, to, mean + scale)
        + error(secondFrom, secondMiddle, mean - scale)
        + error(secondMiddle, secondTo, mean + scale);
  }

  /** Sum of |x - mean| over a range whose values from {@code middle} on are not below the mean. */
  private double distance(int from, int middle, int to, double mean) {
    double above = sums[to] - sums[middle] - mean * (to - middle);
    double below = mean * (middle - from) - (sums[middle] - sums[from]);
    return above + below;
  }

  /** Sum of weight * (x - level)^2 over a range. */
  private double error(int from, int to, double level) {
    return squares[to]
        - squares[from]
        - 2 * level * (weighted[to] - weighted[from])
        + level * level * (weights[to] - weights[from]);
  }

  private int firstAtLeast(int from, int to, double value) {
    int low = from;
    int high = to;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (values[middle] < value) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
