package org.bitatlas.study.bench;

import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.Precision;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.study.target.Arithmetic;
import org.bitatlas.study.target.ExecutionScheme;
import org.bitatlas.study.target.ExecutionScheme.Inputs;

/** Schemes of a bench as the predictor sees them. */
final class BenchSchemes {
  /** The engine keeps scales in fp32. */
  private static final int SCALE_BYTES = 4;

  private BenchSchemes() {}

  /**
   * The scheme as it is executed on packed codes.
   *
   * @param rest precision of what is not quantized
   * @return empty for what the predictor has no words for: binary weights, transforms
   */
  static Optional<ExecutionScheme> of(Scheme scheme, Precision rest) {
    Arithmetic floats = Arithmetic.of(scheme.precision().orElse(rest).elementType());
    if (scheme.weights().isEmpty()) {
      return Optional.of(ExecutionScheme.floats(scheme.name(), floats));
    }
    Scheme.Weights weights = scheme.weights().get();
    if (weights.binary() || scheme.transforms()) {
      return Optional.empty();
    }
    Map<Projection, Integer> bits = new EnumMap<>(ExecutionScheme.everywhere(weights.bits()));
    bits.put(Projection.DOWN, weights.downBits());
    Inputs inputs =
        scheme
            .activations()
            .map(quantizer -> quantizer.dynamic() ? Inputs.DYNAMIC : Inputs.STATIC)
            .orElse(Inputs.FLOAT);
    int cacheBits =
        scheme.cache().map(ActivationQuantizer::bits).orElse((int) (floats.bytes() * Byte.SIZE));
    return Optional.of(
        ExecutionScheme.alike(
            scheme.name(),
            bits,
            weights.groupSize(),
            SCALE_BYTES,
            false,
            inputs == Inputs.FLOAT ? floats : Arithmetic.INT8,
            floats,
            inputs,
            cacheBits));
  }
}
