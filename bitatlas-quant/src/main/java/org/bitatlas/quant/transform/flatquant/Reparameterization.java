package org.bitatlas.quant.transform.flatquant;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.DecoderBlock;
import org.bitatlas.model.InputGroup;
import org.bitatlas.quant.transform.BlockTransform;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.AttentionActivations;
import org.bitatlas.scheme.KroneckerTransform;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * Puts learned parameters into a block, in fp64: weights get the inverses of the transforms, norms
 * and the rows of up the channel scales, v the transform of value heads; what is left to do while
 * the model runs becomes its activation scheme. What stays in floating point is rounded as the form
 * says.
 */
final class Reparameterization {

  private final DecoderBlock block;
  private final Architecture architecture;
  private final Quantization quantization;
  private final RoundedTransforms rounding;
  private final Map<String, Tensor> parameters;
  private final BlockTransforms transforms;

  private Reparameterization(
      DecoderBlock block, Quantization quantization, Map<String, Tensor> parameters) {
    this.block = block;
    this.architecture = block.architecture();
    this.quantization = quantization;
    this.rounding = new RoundedTransforms(block, quantization.form().type());
    this.parameters = parameters;
    this.transforms = rounding.of(BlockTransforms.of(parameters));
  }

  /** The transformed block. */
  static BlockTransform of(
      DecoderBlock block,
      BaseWeights base,
      BlockParameters parameters,
      Quantization quantization,
      SequencedMap<String, String> facts) {
    try (TensorScope _ = TensorScope.open()) {
      Reparameterization whole =
          new Reparameterization(block, quantization, parameters.constants());
      Map<Projection, float[]> weights = new EnumMap<>(Projection.class);
      Map<Projection, float[]> clipped = new EnumMap<>(Projection.class);
      Map<Projection, float[]> biases = new EnumMap<>(Projection.class);
      Map<Projection, LinearActivations> activations = new EnumMap<>(Projection.class);
      for (Projection projection : Projection.values()) {
        try (TensorScope _ = TensorScope.open()) {
          Tensor transformed =
              whole.transforms.inputSide(projection, base.weight(projection).to(ElementType.F64));
          weights.put(projection, whole.outputSide(projection, transformed).toFloats());
          clipped.put(
              projection,
              whole
                  .outputSide(
                      projection, WeightClip.apply(whole.parameters, projection, transformed))
                  .toFloats());
          whole.bias(projection, base).ifPresent(bias -> biases.put(projection, bias.toFloats()));
        }
        activations.put(projection, whole.activations(projection));
      }
      return new BlockTransform(
          weights, clipped, biases, whole.norms(), activations, whole.attention(), facts);
    }
  }

  /** v W' gets the value heads' transform; up the channel scales of its consumer. */
  private Tensor outputSide(Projection projection, Tensor weight) {
    Tensor outer = transforms.outputSide(projection, weight);
    return projection == Projection.UP
        ? outer.mul(channels(InputGroup.MLP_OUTPUT).unsqueeze(1))
        : outer;
  }

  /** The bias [N] where it changes. */
  private Optional<Tensor> bias(Projection projection, BaseWeights base) {
    Optional<Tensor> wide = base.bias(projection).map(bias -> bias.to(ElementType.F64));
    Optional<Tensor> changed =
        switch (projection) {
          case VALUE -> wide.map(transforms::valueHeads);
          case UP -> wide.map(bias -> bias.mul(channels(InputGroup.MLP_OUTPUT)));
          case QUERY, KEY, OUTPUT, GATE, DOWN -> Optional.empty();
        };
    return changed.map(rounding::rounded);
  }

  private Tensor channels(InputGroup group) {
    return transforms.of(group).channels().to(ElementType.F64);
  }

  private Map<InputGroup, float[]> norms() {
    Map<InputGroup, float[]> norms = new EnumMap<>(InputGroup.class);
    for (InputGroup group : List.of(InputGroup.ATTENTION, InputGroup.MLP)) {
      float[] norm = block.norm(group);
      norms.put(
          group,
          rounding
              .rounded(Tensor.from(norm, norm.length).to(ElementType.F64).mul(channels(group)))
              .toFloats());
    }
    return norms;
  }

  private LinearActivations activations(Projection projection) {
    Optional<ActivationQuantizer> input =
        quantization.roundsInputs()
            ? Optional.of(
                new ActivationQuantizer(
                    quantization.inputBits(),
                    quantization.symmetricInputs(),
                    ActivationQuantizer.Strategy.TOKEN,
                    factor(BlockParameters.lowClip(projection, quantization)),
                    factor(BlockParameters.highClip(projection, quantization)),
                    0,
                    0))
            : Optional.empty();
    return new LinearActivations(
        Optional.of(online(InputGroup.of(projection))), input, Optional.empty());
  }

  private KroneckerTransform online(InputGroup group) {
    if (group == InputGroup.ATTENTION_OUTPUT) {
      return transforms.output().online(architecture.heads() * architecture.headDimension());
    }
    Tensor left = transforms.of(group).left().matrix();
    Tensor right = transforms.of(group).right().matrix();
    return new KroneckerTransform(
        (int) left.size(0),
        (int) right.size(0),
        Optional.of(left.toFloats()),
        Optional.of(right.toFloats()));
  }

  private AttentionActivations attention() {
    return new AttentionActivations(
        transforms.keys().map(keys -> keys.matrix().toFloats()),
        transforms.keys().map(keys -> keys.inverseTransposed().toFloats()),
        quantization.roundsKeys()
            ? Optional.of(cache(BlockParameters.KEY_CACHE, quantization.keyBits()))
            : Optional.empty(),
        quantization.roundsValues()
            ? Optional.of(cache(BlockParameters.VALUE_CACHE, quantization.valueBits()))
            : Optional.empty());
  }

  private ActivationQuantizer cache(String name, int bits) {
    return new ActivationQuantizer(
        bits,
        false,
        ActivationQuantizer.Strategy.HEAD,
        factor(name + ".low"),
        factor(name + ".high"),
        0,
        0);
  }

  /** sigmoid(gamma), kept above 0 where gamma is hugely negative. */
  private float factor(String name) {
    Tensor gamma = Objects.requireNonNull(parameters.get(name), name);
    return Math.max(Float.MIN_NORMAL, (float) gamma.sigmoid().item());
  }
}
