package org.bitatlas.quant.transform;

import java.util.List;
import java.util.Optional;

/**
 * AWQ's one-parameter family of channel scales, s = a^r with a = mean|x| and 0 <= r < 1, normalised
 * to sqrt(max s * min s) = 1. With duo scaling s = a^r / (w^(1 - r) + 1e-4), w the mean of |w| as a
 * fraction of its group's largest (AutoAWQ). All arithmetic is fp32.
 */
final class ScaleCandidates {

  private static final float SMALLEST = 1e-4f;
  private static final float SMALLEST_RANGE = 1e-6f;

  private final float[] activations;
  private final Optional<float[]> weights;

  /**
   * A family.
   *
   * @param activations a [K]
   * @param weights w [K], for duo scaling
   */
  ScaleCandidates(float[] activations, Optional<float[]> weights) {
    this.activations = activations;
    this.weights = weights;
  }

  /** The scales s [K] of a ratio r, all finite and above 0. */
  float[] of(double ratio) {
    float[] scales = new float[activations.length];
    float exponent = (float) ratio;
    float complement = (float) (1 - ratio);
    float largest = 0;
    float smallest = Float.POSITIVE_INFINITY;
    for (int k = 0; k < scales.length; k++) {
      float scale = (float) Math.pow(activations[k], exponent);
      if (weights.isPresent()) {
        scale /= (float) Math.pow(weights.get()[k], complement) + SMALLEST;
      }
      scales[k] = Math.max(scale, SMALLEST);
      largest = Math.max(largest, scales[k]);
      smallest = Math.min(smallest, scales[k]);
    }
    float norm = (float) Math.sqrt(largest * smallest);
    for (int k = 0; k < scales.length; k++) {
      float scale = scales[k] / norm;
      scales[k] = Float.isFinite(scale) && scale > 0 ? scale : 1;
    }
    return scales;
  }

  /**
   * w: the mean over the rows of all linears of |w| / (largest |w| of its row and group + 1e-6).
   *
   * @param linears weights W [N x K] that share an input
   * @param columns K
   * @param groupSize columns of a group
   */
  static float[] relativeMagnitudes(List<float[]> linears, int columns, int groupSize) {
    double[] sums = new double[columns];
    long rows = 0;
    for (float[] weight : linears) {
      for (int row = 0; row < weight.length; row += columns) {
        for (int from = 0; from < columns; from += groupSize) {
          addRelative(weight, row, from, Math.min(from + groupSize, columns), sums);
        }
      }
      rows += weight.length / columns;
    }
    float[] means = new float[columns];
    for (int k = 0; k < columns; k++) {
      means[k] = (float) (sums[k] / rows);
    }
    return means;
  }

  private static void addRelative(float[] weight, int row, int from, int to, double[] sums) {
    float largest = 0;
    for (int k = from; k < to; k++) {
      largest = Math.max(largest, Math.abs(weight[row + k]));
    }
    for (int k = from; k < to; k++) {
      sums[k] += Math.abs(weight[row + k]) / (largest + SMALLEST_RANGE);
    }
  }
}
