package org.bitatlas.study.diagnosis;

import java.util.OptionalDouble;
import org.bitatlas.quant.method.ActivationPolicy;
import org.bitatlas.quant.pipeline.LayerReport;

/**
 * What rounding a layer's inputs to a grid adds, from the statistics of their range: a step s adds
 * noise of energy s^2 / 12 to a value, and s is as large as the range that a scale has to cover.
 * Calculated, not measured; values that a coarse grid rounds to zero lose no more than themselves,
 * so that 1 is the most.
 */
final class InputNoise {

  private static final double UNIFORM = 12;

  private InputNoise() {}

  /** Energy of the noise over energy of the inputs; empty where inputs stay in float. */
  static OptionalDouble of(ActivationPolicy policy, LayerReport.Inputs inputs) {
    double largest = Math.max(Math.abs(inputs.minimum()), Math.abs(inputs.maximum()));
    if (policy.bits() == ActivationPolicy.FLOAT_BITS || largest == 0) {
      return OptionalDouble.empty();
    }
    double rms = largest / inputs.maximumOverRms();
    double mean = inputs.tokenMaximumMean();
    double spread = inputs.tokenMaximumSpread();
    double squaredRange =
        policy.granularity() == ActivationPolicy.Granularity.DYNAMIC_TOKEN
            ? mean * mean * (1 + spread * spread)
            : largest * largest;
    double steps =
        policy.symmetric()
            ? (1 << (policy.bits() - 1)) - 1
            : ((1 << policy.bits()) - 1) * largest / (inputs.maximum() - inputs.minimum());
    double noise =
        squaredRange * policy.clip() * policy.clip() / (steps * steps * UNIFORM * rms * rms);
    return OptionalDouble.of(Math.min(1, noise));
  }
}
