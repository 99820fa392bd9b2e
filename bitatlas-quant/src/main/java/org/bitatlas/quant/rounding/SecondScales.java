package org.bitatlas.quant.rounding;

/**
 * Scales in two levels: a scale per output channel in fp32, and for each of its groups a whole
 * number by which it is multiplied, so large at most that code times number is a signed byte (Lin
 * and others, QServe, arXiv 2405.04532, section 4.1, for symmetric grids). Rows do not depend on
 * each other and may be fitted at the same time.
 */
final class SecondScales {

  private final GridFitter fitter;
  private final int largest;
  private final float[] channels;

  /**
   * Scales of a weight.
   *
   * @param rows N
   * @param fitter of a symmetric grid of at most 4 bits
   */
  SecondScales(int rows, GridFitter fitter) {
    this.fitter = fitter;
    this.largest = Byte.MAX_VALUE >> (fitter.bits() - 1);
    this.channels = new float[rows];
  }

  /** The scales of the channels [N]. */
  float[] channels() {
    return channels;
  }

  /**
   * Fits the scale of a channel: the largest of its groups is the largest multiple.
   *
   * @param weights [K] of the row
   */
  void fitChannel(int row, float[] weights, int groupSize) {
    float most = 0;
    for (int from = 0; from < weights.length; from += groupSize) {
      int to = Math.min(from + groupSize, weights.length);
      most = Math.max(most, fitter.fit(weights, from, to).scale());
    }
    channels[row] = Math.max(most / largest, Float.MIN_NORMAL);
  }

  /**
   * The multiple of the channel's scale next to a fitted scale, of the two around it the one with
   * the smaller sum of squared errors, the larger where they are equal.
   *
   * @param weights of the group, from {@code from} to {@code to}
   */
  GridParameters nearest(int row, GridParameters fitted, float[] weights, int from, int to) {
    float channel = channels[row];
    int below = Math.clamp((long) (fitted.scale() / channel), 1, largest);
    int above = Math.min(below + 1, largest);
    GridParameters small = new GridParameters(channel * below, fitted.zero());
    GridParameters large = new GridParameters(channel * above, fitted.zero());
    return error(small, weights, from, to) < error(large, weights, from, to) ? small : large;
  }

  private double error(GridParameters parameters, float[] weights, int from, int to) {
    float scale = parameters.scale();
    double sum = 0;
    for (int k = from; k < to; k++) {
      float code = fitter.code(weights[k], scale, parameters.zero());
      float error = GridFitter.dequantize(code, scale, parameters.zero()) - weights[k];
      sum += (double) error * error;
    }
    return sum;
  }
}
