package org.bitatlas.model;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.bitatlas.kernel.KernelChoice;
import org.bitatlas.kernel.KernelTrace;
import org.bitatlas.kernel.LinearInput;
import org.bitatlas.kernel.PackedLinear;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.tensor.Tensor;

/**
 * Projections of a group that one product serves: from packed codes, or in float where the
 * checkpoint keeps them so.
 */
final class PackedPart implements AutoCloseable {

  private final List<Projection> projections;
  private final Optional<PackedLinear> packed;
  private final Optional<FusedLinear> floats;
  private final boolean roundsFirst;
  private final KernelTrace.Counter fewRows;
  private final KernelTrace.Counter manyRows;

  /**
   * A part on codes.
   *
   * @param roundsFirst whether activations are rounded in float in front of the product, because it
   *     takes floats
   */
  PackedPart(
      List<Projection> projections, PackedLinear packed, boolean roundsFirst, KernelTrace trace) {
    this.projections = projections;
    this.packed = Optional.of(packed);
    this.floats = Optional.empty();
    this.roundsFirst = roundsFirst;
    this.fewRows = counter(packed, packed.choice(1), trace);
    this.manyRows = counter(packed, packed.choice(Integer.MAX_VALUE), trace);
  }

  /** A part in float. */
  PackedPart(List<Projection> projections, FusedLinear floats, KernelTrace trace) {
    this.projections = projections;
    this.packed = Optional.empty();
    this.floats = Optional.of(floats);
    this.roundsFirst = true;
    String type = floats.elementType().toString().toLowerCase(Locale.ROOT);
    KernelChoice choice = new KernelChoice(type + " x " + type, "float product", "libtorch");
    this.fewRows = trace.counter(name(), floats.outputFeatures(), floats.inputFeatures(), choice);
    this.manyRows = fewRows;
  }

  private KernelTrace.Counter counter(PackedLinear linear, KernelChoice choice, KernelTrace trace) {
    KernelChoice described =
        roundsFirst
            ? new KernelChoice(
                choice.types() + ", activations rounded in float",
                choice.kernel(),
                choice.instructions())
            : choice;
    return trace.counter(name(), linear.outputFeatures(), linear.inputFeatures(), described);
  }

  private String name() {
    return projections.stream()
        .map(projection -> projection.path().substring(projection.path().indexOf('.') + 1))
        .collect(Collectors.joining(", "));
  }

  Projection first() {
    return projections.getFirst();
  }

  /** Whether the product wants its activations rounded in float. */
  boolean roundsFirst() {
    return roundsFirst;
  }

  /**
   * Computes the part.
   *
   * @param input X [.. x K], transformed, and rounded where it wants that
   * @param buffers the same, for products on codes
   * @return [M x N]
   */
  Tensor apply(Tensor input, LinearInput buffers, PackedExecution execution) {
    long start = System.nanoTime();
    Tensor output =
        packed.isPresent()
            ? packed.get().apply(buffers, execution.threads())
            : floats.orElseThrow().apply(input.view(buffers.rows(), buffers.columns()));
    KernelTrace.Counter counter = buffers.rows() > LinearInput.FEW_ROWS ? manyRows : fewRows;
    counter.add(buffers.rows(), System.nanoTime() - start);
    return output;
  }

  @Override
  public void close() {
    packed.ifPresent(PackedLinear::close);
    floats.ifPresent(FusedLinear::close);
  }
}
