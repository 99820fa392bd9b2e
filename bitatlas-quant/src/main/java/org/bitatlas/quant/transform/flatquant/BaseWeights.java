package org.bitatlas.quant.transform.flatquant;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.DecoderBlock;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;

/** The float weights W [N x K] and biases b [N] of a block, in F32; tensors of the open scope. */
record BaseWeights(Map<Projection, Tensor> weights, Map<Projection, Tensor> biases) {

  /** Copies of a block's weights and biases. */
  static BaseWeights of(DecoderBlock block) {
    Map<Projection, Tensor> weights = new EnumMap<>(Projection.class);
    Map<Projection, Tensor> biases = new EnumMap<>(Projection.class);
    for (Projection projection : Projection.values()) {
      weights.put(
          projection,
          Tensor.from(
              block.weight(projection),
              block.architecture().outputFeatures(projection),
              block.architecture().inputFeatures(projection)));
      block
          .bias(projection)
          .ifPresent(bias -> biases.put(projection, Tensor.from(bias, bias.length)));
    }
    return new BaseWeights(weights, biases);
  }

  Tensor weight(Projection projection) {
    return Objects.requireNonNull(weights.get(projection));
  }

  Optional<Tensor> bias(Projection projection) {
    return Optional.ofNullable(biases.get(projection));
  }

  /** Largest magnitude per column [K] over the weights of several projections of one input. */
  Tensor columnMaxima(Iterable<Projection> projections) {
    Optional<Tensor> greatest = Optional.empty();
    for (Projection projection : projections) {
      Tensor maxima = weight(projection).abs().amax(0);
      greatest = Optional.of(greatest.map(maxima::maximum).orElse(maxima));
    }
    return greatest.orElseThrow().to(ElementType.F32);
  }
}
