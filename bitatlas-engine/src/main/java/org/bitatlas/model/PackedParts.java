package org.bitatlas.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bitatlas.kernel.AscendLinears;
import org.bitatlas.kernel.DenseLinear;
import org.bitatlas.kernel.IntegerLinear;
import org.bitatlas.kernel.IntegerRows;
import org.bitatlas.kernel.PackedLinear;
import org.bitatlas.kernel.WeightOnlyLinear;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.ActivationQuantizer.Strategy;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.scheme.StoredLinear;
import org.bitatlas.tensor.ElementType;

/** Packs the linears of a block; those on one grid with one input become one product. */
final class PackedParts {

  private final WeightSource source;
  private final int layer;
  private final PackedExecution execution;

  PackedParts(WeightSource source, int layer, PackedExecution execution) {
    this.source = source;
    this.layer = layer;
    this.execution = execution;
  }

  private Optional<StoredLinear> codes(Projection projection) {
    return execution.onCodes() ? source.codes(projection.module(layer)) : Optional.empty();
  }

  private LinearActivations around(Projection projection) {
    return source
        .quantized()
        .map(checkpoint -> checkpoint.activationsOf(projection.module(layer)))
        .orElse(LinearActivations.NONE);
  }

  /** The parts of a group in the order of its projections. */
  List<PackedPart> of(InputGroup group) {
    List<PackedPart> parts = new ArrayList<>();
    List<Projection> together = new ArrayList<>();
    for (Projection projection : group.projections()) {
      if (!together.isEmpty() && !joins(together.getFirst(), projection)) {
        parts.add(part(List.copyOf(together)));
        together.clear();
      }
      together.add(projection);
    }
    parts.add(part(List.copyOf(together)));
    return parts;
  }

  private boolean joins(Projection first, Projection next) {
    LinearActivations one = around(first);
    LinearActivations other = around(next);
    if (!one.transform().equals(other.transform()) || !one.input().equals(other.input())) {
      return false;
    }
    Optional<StoredLinear> a = codes(first);
    Optional<StoredLinear> b = codes(next);
    return a.isEmpty()
        ? b.isEmpty()
        : a.get() instanceof GridLinear grid
            && b.isPresent()
            && b.get() instanceof GridLinear below
            && StackedGrid.fits(grid, below);
  }

  private PackedPart part(List<Projection> projections) {
    Projection first = projections.getFirst();
    Optional<StoredLinear> stored = codes(first);
    if (stored.isEmpty()) {
      return PackedPart.inFloat(
          projections, dense(projections), around(first).input().isPresent(), execution);
    }
    for (Projection projection : projections) {
      WeightSource.requireSize(
          codes(projection).orElseThrow(),
          projection.module(layer),
          source.architecture().outputFeatures(projection),
          source.architecture().inputFeatures(projection));
    }
    StoredLinear linear =
        projections.size() == 1
            ? stored.get()
            : StackedGrid.of(
                projections.stream()
                    .map(projection -> (GridLinear) codes(projection).orElseThrow())
                    .toList());
    if (execution.emulated()) {
      return emulated(projections, linear);
    }
    Optional<ActivationQuantizer> input = around(first).input();
    if (linear instanceof GridLinear grid && input.filter(q -> integer(q, grid)).isPresent()) {
      PackedLinear packed =
          new IntegerLinear(
              grid,
              source.biases(layer, projections),
              input.get(),
              source.elementType(),
              execution.kernels());
      return PackedPart.onCodes(projections, packed, false, execution);
    }
    PackedLinear packed =
        new WeightOnlyLinear(
            linear, source.biases(layer, projections), source.elementType(), execution.kernels());
    return PackedPart.onCodes(projections, packed, input.isPresent(), execution);
  }

  private PackedPart emulated(List<Projection> projections, StoredLinear linear) {
    PackedLinear packed =
        AscendLinears.pack(
            projections.getFirst().module(layer),
            linear,
            source.biases(layer, projections),
            around(projections.getFirst()),
            execution.roundedScales(),
            execution.kernels());
    return PackedPart.onCodes(projections, packed, false, execution);
  }

  private DenseLinear dense(List<Projection> projections) {
    Architecture architecture = source.architecture();
    ElementType type = source.elementType();
    int columns = architecture.inputFeatures(projections.getFirst());
    StackedRows rows = new StackedRows((long) columns * type.bits() / Byte.SIZE);
    int count = 0;
    for (Projection projection : projections) {
      int own = architecture.outputFeatures(projection);
      rows.add(source.rows(projection.module(layer), own, columns), own);
      count += own;
    }
    return DenseLinear.pack(type, count, columns, rows, source.biases(layer, projections));
  }

  private static boolean integer(ActivationQuantizer quantizer, GridLinear linear) {
    return quantizer.strategy() != Strategy.HEAD
        && linear.inputFeatures() <= IntegerRows.MAX_COLUMNS;
  }
}
