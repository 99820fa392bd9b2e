package org.bitatlas.quant.transform.flatquant;

import java.util.Map;
import java.util.Objects;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.tensor.Tensor;

/** Learned clipping of transformed weights, row by row: to sigmoid(gamma) of their own range. */
final class WeightClip {

  private WeightClip() {}

  /**
   * Clips W [N x K], transformed on the input side.
   *
   * @param parameters values of {@link BlockParameters}
   */
  static Tensor apply(Map<String, Tensor> parameters, Projection projection, Tensor weight) {
    String name = BlockParameters.nameOf(projection);
    return apply(
        weight,
        Objects.requireNonNull(parameters.get(name + ".weight_low")),
        Objects.requireNonNull(parameters.get(name + ".weight_high")));
  }

  /**
   * Clips to min_k w sigmoid(low) .. max_k w sigmoid(high).
   *
   * @param weight W [N x K]
   * @param low gamma of the lower ends [N x 1]
   * @param high gamma of the upper ends [N x 1]
   */
  static Tensor apply(Tensor weight, Tensor low, Tensor high) {
    Tensor lowest = weight.amin(-1).unsqueeze(-1);
    Tensor highest = weight.amax(-1).unsqueeze(-1);
    return weight.clamp(
        lowest.mul(low.sigmoid().to(weight.elementType())),
        highest.mul(high.sigmoid().to(weight.elementType())));
  }
}
