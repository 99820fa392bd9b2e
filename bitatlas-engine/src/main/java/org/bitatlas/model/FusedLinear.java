package org.bitatlas.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * Projections of the same input whose weights lie one under the other in one matrix, so that one
 * multiplication serves them all: W [sum N x K], b [sum N].
 */
final class FusedLinear implements AutoCloseable {

  private final List<Projection> projections;
  private final List<Integer> offsets = new ArrayList<>();
  private final Architecture architecture;
  private final Tensor weight;
  private final Optional<Tensor> bias;

  FusedLinear(WeightSource source, int layer, List<Projection> projections) {
    this.architecture = source.architecture();
    this.projections = projections;
    int rows = 0;
    boolean anyBias = false;
    for (Projection projection : projections) {
      offsets.add(rows);
      rows += architecture.outputFeatures(projection);
      anyBias |= architecture.hasBias(projection);
    }
    int columns = architecture.inputFeatures(projections.getFirst());
    try (TensorScope _ = TensorScope.open()) {
      weight = Tensor.empty(source.device(), source.elementType(), rows, columns).unscoped();
      bias =
          anyBias
              ? Optional.of(Tensor.zeros(source.device(), source.elementType(), rows).unscoped())
              : Optional.empty();
      for (Projection projection : projections) {
        source.readWeight(layer, projection, rowsOf(projection));
        if (architecture.hasBias(projection)) {
          source.readBias(layer, projection, biasOf(projection).orElseThrow());
        }
      }
    }
  }

  /** X W^T + b: [.. x K] to [.. x sum N]. */
  Tensor apply(Tensor input) {
    return PhaseClock.time(Phase.LINEAR, () -> input.linear(weight, bias));
  }

  /** X W^T + b of one projection alone: [.. x K] to [.. x N]. */
  Tensor apply(Projection projection, Tensor input) {
    return PhaseClock.time(
        Phase.LINEAR, () -> input.linear(rowsOf(projection), biasOf(projection)));
  }

  /** A view of one projection's rows [N x K]. */
  Tensor rowsOf(Projection projection) {
    return weight.narrow(
        0, offsets.get(projections.indexOf(projection)), architecture.outputFeatures(projection));
  }

  /** A view of one projection's bias [N]; present when any projection of the matrix has one. */
  Optional<Tensor> biasOf(Projection projection) {
    return bias.map(whole ->
        whole.narrow(
            0,
            offsets.get(projections.indexOf(projection)),
            architecture.outputFeatures(projection)));
  }

  @Override
  public void close() {
    weight.close();
    bias.ifPresent(Tensor::close);
  }
}
