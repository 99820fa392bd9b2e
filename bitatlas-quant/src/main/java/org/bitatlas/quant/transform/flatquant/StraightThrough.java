package org.bitatlas.quant.transform.flatquant;

import org.bitatlas.tensor.Tensor;

/**
 * Rounding to a grid and back that gradients pass through: the derivative of round is taken as 1
 * (straight-through estimator), and the scale is differentiated like anything else (FlatQuant,
 * section 3; the reference's quant_utils).
 *
 * @param rounding false leaves out the rounding to whole numbers, and only that, so that the
 *     gradient is the exact derivative
 */
record StraightThrough(boolean rounding) {

  /** What training does. */
  static final StraightThrough ROUNDING = new StraightThrough(true);

  private static final double LEAST_WEIGHT_RANGE = 1e-5;

  /**
   * Rounds weights, symmetric, one scale per row: s = max|w| / Q, Q = 2^(b-1) - 1.
   *
   * @param weight W [N x K]
   * @param bits b, at least 2
   */
  Tensor weight(Tensor weight, int bits) {
    Tensor low = weight.amin(-1).clamp(Double.NEGATIVE_INFINITY, 0);
    Tensor high = weight.amax(-1).clamp(0, Double.POSITIVE_INFINITY);
    Tensor range = low.abs().maximum(high).clamp(LEAST_WEIGHT_RANGE, Double.POSITIVE_INFINITY);
    return symmetric(weight, range.div(limit(bits)).unsqueeze(-1), limit(bits));
  }

  /**
   * Rounds the rows of activations, one scale per row, as {@link
   * org.bitatlas.scheme.ActivationQuantizer} defines it.
   *
   * @param rows X [M x C]
   * @param bits b, at least 2
   * @param symmetric whether the grid is symmetric
   * @param clipLow factor on the lower end of the range [1]
   * @param clipHigh factor on the upper end [1]
   */
  Tensor activations(Tensor rows, int bits, boolean symmetric, Tensor clipLow, Tensor clipHigh) {
    Tensor low = rows.amin(-1).clamp(Double.NEGATIVE_INFINITY, 0).mul(clipLow);
    Tensor high = rows.amax(-1).clamp(0, Double.POSITIVE_INFINITY).mul(clipHigh);
    if (symmetric) {
      return symmetric(rows, scale(low.abs().maximum(high), limit(bits)), limit(bits));
    }
    int levels = (1 << bits) - 1;
    Tensor scale = scale(high.sub(low), levels);
    Tensor zero = low.unsqueeze(-1).div(scale).mul(-1);
    // The reference lets no gradient through the zero point's rounding.
    Tensor offset = rounding ? zero.round() : zero;
    return rounded(rows.div(scale)).add(offset).clamp(0, levels).sub(offset).mul(scale);
  }

  private static int limit(int bits) {
    return (1 << (bits - 1)) - 1;
  }

  /** A range of zeros rounds zeros, whatever the scale; 1 keeps gradients finite. */
  private static Tensor scale(Tensor range, int steps) {
    return range.div(steps).where(range.above(0), 1).unsqueeze(-1);
  }

  private Tensor symmetric(Tensor values, Tensor scale, int limit) {
    return rounded(values.div(scale)).clamp(-limit - 1.0, limit).mul(scale);
  }

  private Tensor rounded(Tensor values) {
    return rounding ? values.round().sub(values).detach().add(values) : values;
  }
}
