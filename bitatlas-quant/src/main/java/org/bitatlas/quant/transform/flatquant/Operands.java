package org.bitatlas.quant.transform.flatquant;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.InputGroup;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Gradients;
import org.bitatlas.tensor.Tensor;

/**
 * Everything of a block that depends on the parameters but on no token: factors, rounded weights,
 * clipping factors; all F32. Tokens are computed with these on any thread, sequence by sequence,
 * and the gradients by these are summed before they go on to the parameters, once per step.
 */
final class Operands {

  private static final String VALUE_BIAS = "v_proj.bias";

  private final SequencedMap<String, Tensor> tensors;

  private Operands(SequencedMap<String, Tensor> tensors) {
    this.tensors = tensors;
  }

  /**
   * Computes them.
   *
   * @param parameters values of {@link BlockParameters}
   */
  static Operands of(
      Map<String, Tensor> parameters,
      BaseWeights base,
      Quantization quantization,
      StraightThrough rounding) {
    SequencedMap<String, Tensor> tensors = new LinkedHashMap<>();
    BlockTransforms transforms = BlockTransforms.of(parameters);
    for (InputGroup group : List.of(InputGroup.ATTENTION, InputGroup.MLP, InputGroup.MLP_OUTPUT)) {
      String name = BlockParameters.transformOf(group);
      Kronecker transform = transforms.of(group);
      tensors.put(name + ".channels", transform.channels());
      tensors.put(name + ".left", transform.left().matrix().to(ElementType.F32));
      tensors.put(name + ".right", transform.right().matrix().to(ElementType.F32));
    }
    transforms
        .output()
        .matrices()
        .forEach((name, matrix) -> tensors.put(name, matrix.to(ElementType.F32)));
    transforms
        .keys()
        .ifPresent(keys -> {
          tensors.put(BlockParameters.KEYS, keys.matrix().to(ElementType.F32));
          tensors.put(
              BlockParameters.KEYS + ".inverse", keys.inverseTransposed().to(ElementType.F32));
        });
    for (Projection projection : Projection.values()) {
      String name = BlockParameters.nameOf(projection);
      Tensor weight =
          WeightClip.apply(
              parameters, projection, transforms.inputSide(projection, base.weight(projection)));
      tensors.put(
          name + ".weight",
          rounding.weight(transforms.outputSide(projection, weight), quantization.weightBits()));
    }
    base.bias(Projection.VALUE)
        .ifPresent(bias -> tensors.put(VALUE_BIAS, transforms.valueHeads(bias)));
    parameters.forEach((name, value) -> {
      if (BlockParameters.isActivationClip(name)) {
        tensors.put(name, value.sigmoid());
      }
    });
    return new Operands(tensors);
  }

  /** The same values, as what gradients are taken by on the calling thread. */
  Operands variables() {
    SequencedMap<String, Tensor> variables = new LinkedHashMap<>();
    tensors.forEach((name, tensor) -> variables.put(name, Gradients.variable(tensor)));
    return new Operands(variables);
  }

  /** The tensors, in an order that is the same for every step. */
  List<Tensor> list() {
    return List.copyOf(tensors.values());
  }

  Tensor get(String name) {
    return Objects.requireNonNull(tensors.get(name), name);
  }

  Tensor weight(Projection projection) {
    return get(BlockParameters.nameOf(projection) + ".weight");
  }

  /** The bias of v where it has one, transformed like its rows; those of others do not change. */
  Optional<Tensor> bias(Projection projection) {
    return projection == Projection.VALUE
        ? Optional.ofNullable(tensors.get(VALUE_BIAS))
        : Optional.empty();
  }
}
