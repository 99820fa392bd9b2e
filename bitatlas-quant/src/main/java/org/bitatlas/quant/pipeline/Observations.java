package org.bitatlas.quant.pipeline;

import java.util.Map;
import java.util.Optional;
import org.bitatlas.model.InputGroup;

/**
 * What was seen of the inputs of a block's linear layers.
 *
 * @param hessians H = 2 / n * sum over tokens of x x^T [K x K], n the number of sequences
 * @param drifts D = 2 / n * sum over tokens of (x' - x) x^T [K x K], x' the input on the float
 *     stream; empty where nobody asked
 * @param statistics of the inputs, transformed and not rounded
 */
record Observations(
    Map<InputGroup, double[]> hessians,
    Map<InputGroup, double[]> drifts,
    Map<InputGroup, InputStatistics> statistics) {

  /** H of a group. */
  Optional<double[]> hessian(InputGroup group) {
    return Optional.ofNullable(hessians.get(group));
  }

  /** Statistics of a group's inputs. */
  Optional<InputStatistics> statistics(InputGroup group) {
    return Optional.ofNullable(statistics.get(group));
  }

  /** D of a group. */
  Optional<double[]> drift(InputGroup group) {
    return Optional.ofNullable(drifts.get(group));
  }
}
