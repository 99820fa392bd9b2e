package org.bitatlas.quant.transform.flatquant;

import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.InputGroup;
import org.bitatlas.tensor.Tensor;

/**
 * The transforms of a block as matrices (FlatQuant, section 3 and figure 3).
 *
 * @param attention of the input of q, k and v
 * @param output of the input of o
 * @param values P_V [d x d], of every value head: in the rows of v and the columns of o
 * @param keys P_K [d x d], of every rotated key head; its inverse transposed of every query head;
 *     present when keys are rounded
 * @param mlp of the input of gate and up
 * @param mlpOutput of the input of down
 */
record BlockTransforms(
    Kronecker attention,
    OutputTransform output,
    Factor values,
    Optional<Factor> keys,
    Kronecker mlp,
    Kronecker mlpOutput) {

  /** From the values of {@link BlockParameters}. */
  static BlockTransforms of(Map<String, Tensor> parameters) {
    return new BlockTransforms(
        kronecker(parameters, InputGroup.ATTENTION),
        output(parameters),
        factor(parameters, BlockParameters.VALUES).orElseThrow(),
        factor(parameters, BlockParameters.KEYS),
        kronecker(parameters, InputGroup.MLP),
        kronecker(parameters, InputGroup.MLP_OUTPUT));
  }

  private static OutputTransform output(Map<String, Tensor> parameters) {
    return factor(parameters, BlockParameters.HEADS)
        .map(heads -> new OutputTransform(heads, Optional.empty()))
        .orElseGet(() ->
            new OutputTransform(
                factor(parameters, BlockParameters.HEADS + ".left").orElseThrow(),
                factor(parameters, BlockParameters.HEADS + ".right")));
  }

  private static Kronecker kronecker(Map<String, Tensor> parameters, InputGroup group) {
    String name = BlockParameters.transformOf(group);
    return new Kronecker(
        Objects.requireNonNull(parameters.get(name + ".channels")),
        factor(parameters, name + ".left").orElseThrow(),
        factor(parameters, name + ".right").orElseThrow());
  }

  private static Optional<Factor> factor(Map<String, Tensor> parameters, String name) {
    Tensor matrix = parameters.get(name + ".matrix");
    if (matrix != null) {
      return Optional.of(Factor.ofMatrix(matrix));
    }
    Tensor u = parameters.get(name + ".u");
    Tensor sigma = parameters.get(name + ".sigma");
    Tensor v = parameters.get(name + ".v");
    return u == null || sigma == null || v == null
        ? Optional.empty()
        : Optional.of(Factor.ofSingularValues(u, sigma, v));
  }

  /** Whether all matrices and their inverses are finite. */
  boolean finite() {
    return Stream.concat(
            Stream.of(attention, mlp, mlpOutput)
                .flatMap(kronecker -> Stream.of(kronecker.left(), kronecker.right())),
            Stream.of(Stream.of(output.left(), values), output.right().stream(), keys.stream())
                .flatMap(part -> part))
        .flatMap(factor -> Stream.of(factor.matrix(), factor.inverseTransposed()))
        .allMatch(matrix -> Double.isFinite(matrix.abs().sum().item()));
  }

  /** The transform of a group's input; ATTENTION_OUTPUT has none of this form. */
  Kronecker of(InputGroup group) {
    return switch (group) {
      case ATTENTION -> attention;
      case MLP -> mlp;
      case MLP_OUTPUT -> mlpOutput;
      case ATTENTION_OUTPUT ->
          throw new IllegalArgumentException("channels of the attention output are not scaled");
    };
  }

  /** A weight with the inverse of its input's transform, W' [N x K] of W [N x K]. */
  Tensor inputSide(Projection projection, Tensor weight) {
    return projection == Projection.OUTPUT
        ? output.weight(Kronecker.applyRight(weight, values.inverseTransposed()))
        : of(InputGroup.of(projection)).weight(weight);
  }

  /** The rows of v with the transform of value heads, [G d x K]; other weights as they are. */
  Tensor outputSide(Projection projection, Tensor weight) {
    return projection == Projection.VALUE
        ? valueHeads(weight.transpose(0, 1)).transpose(0, 1)
        : weight;
  }

  /** P_V applied to the heads [G d] of every row. */
  Tensor valueHeads(Tensor rows) {
    return Kronecker.applyRight(rows, values.matrix());
  }
}
