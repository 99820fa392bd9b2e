package org.bitatlas.quant.pipeline;

import java.util.Optional;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.quant.method.ActivationPolicy;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.ActivationQuantizer.Strategy;
import org.bitatlas.scheme.AttentionActivations;

/** An activation policy as the quantizers of a block. */
final class Activations {

  private Activations() {}

  /**
   * The quantizer of a linear's input; empty for float.
   *
   * @param statistics of the inputs, needed for static ranges
   */
  static Optional<ActivationQuantizer> input(
      ActivationPolicy policy, Optional<InputStatistics> statistics) {
    if (policy.bits() == ActivationPolicy.FLOAT_BITS) {
      return Optional.empty();
    }
    int bits = policy.bits();
    boolean symmetric = policy.symmetric();
    float clip = (float) policy.clip();
    return Optional.of(
        switch (policy.granularity()) {
          case DYNAMIC_TOKEN -> ActivationQuantizer.dynamic(bits, symmetric, Strategy.TOKEN, clip);
          case DYNAMIC_TENSOR ->
              ActivationQuantizer.dynamic(bits, symmetric, Strategy.TENSOR, clip);
          case STATIC_TENSOR -> {
            LayerReport.Inputs found = statistics.orElseThrow().profile();
            yield ActivationQuantizer.perTensor(
                bits,
                symmetric,
                (float) Math.min(0, found.minimum()) * clip,
                (float) Math.max(0, found.maximum()) * clip);
          }
        });
  }

  /** The quantizer of the outputs of q, k and v; empty for float and for other projections. */
  static Optional<ActivationQuantizer> output(ActivationPolicy policy, Projection projection) {
    boolean rounded =
        policy.outputBits() != ActivationPolicy.FLOAT_BITS
            && switch (projection) {
              case QUERY, KEY, VALUE -> true;
              case OUTPUT, GATE, UP, DOWN -> false;
            };
    return rounded
        ? Optional.of(ActivationQuantizer.perToken(policy.outputBits(), true))
        : Optional.empty();
  }

  /** The rounding of the cache: asymmetric, one scale per token and head. */
  static AttentionActivations cache(ActivationPolicy policy) {
    return new AttentionActivations(
        Optional.empty(), Optional.empty(), cache(policy.keyBits()), cache(policy.valueBits()));
  }

  private static Optional<ActivationQuantizer> cache(int bits) {
    return bits == ActivationPolicy.FLOAT_BITS
        ? Optional.empty()
        : Optional.of(ActivationQuantizer.dynamic(bits, false, Strategy.HEAD, 1));
  }
}
