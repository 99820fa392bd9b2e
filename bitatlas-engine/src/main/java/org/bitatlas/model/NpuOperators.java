package org.bitatlas.model;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bitatlas.kernel.NpuLinear;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.scheme.StoredLinear;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * A block's quantized linears by the operators of an NPU ({@link NpuLinear}); groups that stay
 * float, and heads, as {@link StoredOperators} has them.
 */
final class NpuOperators implements BlockOperators, AutoCloseable {

  private final StoredOperators stored;
  private final Map<InputGroup, NpuLinear> linears = new EnumMap<>(InputGroup.class);

  NpuOperators(
      WeightSource source, int layer, StoredOperators stored, NpuLinear.Operators operators) {
    this.stored = stored;
    try {
      for (InputGroup group : InputGroup.values()) {
        if (isQuantized(source, layer, group)) {
          linears.put(group, linear(source, layer, group, operators));
        }
      }
    } catch (RuntimeException refused) {
      close();
      throw refused;
    }
  }

  /** Whether any layer of a group has codes: then all must have, as they run as one. */
  static boolean isQuantized(WeightSource source, int layer, InputGroup group) {
    return group.projections().stream()
        .anyMatch(projection -> source.codes(projection.module(layer)).isPresent());
  }

  private NpuLinear linear(
      WeightSource source, int layer, InputGroup group, NpuLinear.Operators operators) {
    LinearActivations around = stored.around(group.observed());
    String first = group.observed().module(layer);
    List<GridLinear> grids = new ArrayList<>();
    for (Projection projection : group.projections()) {
      Optional<StoredLinear> codes = source.codes(projection.module(layer));
      boolean fits =
          codes.isPresent()
              && codes.get() instanceof GridLinear grid
              && (grids.isEmpty() || StackedGrid.fits(grids.getFirst(), grid))
              && stored.around(projection).equals(around);
      if (!fits) {
        throw new BitAtlasException(
            "The layer %s does not fit %s, with which an NPU runs it as one; ask for simulated execution."
                .formatted(projection.module(layer), first));
      }
      GridLinear grid = (GridLinear) codes.get();
      WeightSource.requireSize(
          grid,
          projection.module(layer),
          source.architecture().outputFeatures(projection),
          source.architecture().inputFeatures(projection));
      grids.add(grid);
    }
    return new NpuLinear(
        first,
        grids.size() == 1 ? grids.getFirst() : StackedGrid.of(grids),
        around,
        source.biases(layer, group.projections()),
        operators,
        source.device());
  }

  @Override
  public Tensor linear(InputGroup group, Tensor input) {
    NpuLinear linear = linears.get(group);
    if (linear == null) {
      return stored.linear(group, input);
    }
    try (TensorScope scope = TensorScope.open()) {
      return scope.keep(
          stored.withRoundedOutputs(
              group, PhaseClock.time(Phase.LINEAR, () -> linear.apply(input))));
    }
  }

  @Override
  public Tensor heads(Tensor heads) {
    return stored.heads(heads);
  }

  @Override
  public void close() {
    linears.values().forEach(NpuLinear::close);
    linears.clear();
  }
}
