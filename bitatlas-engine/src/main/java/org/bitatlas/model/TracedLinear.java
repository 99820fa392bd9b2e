package org.bitatlas.model;

import java.util.Optional;
import org.bitatlas.kernel.KernelChoice;
import org.bitatlas.kernel.KernelTrace;
import org.bitatlas.kernel.LinearInput;
import org.bitatlas.kernel.PackedLinear;
import org.bitatlas.tensor.Tensor;

/** A layer on packed weights whose calls are counted. */
final class TracedLinear implements AutoCloseable {

  private final String name;
  private final PackedLinear packed;
  private final PackedExecution execution;
  private final boolean roundsFirst;
  private final KernelTrace.Counter fewRows;
  private final KernelTrace.Counter manyRows;

  /**
   * Counts a layer.
   *
   * @param roundsFirst whether activations are rounded in float in front of the product, because it
   *     takes floats
   */
  TracedLinear(String name, PackedLinear packed, boolean roundsFirst, PackedExecution execution) {
    this.name = name;
    this.packed = packed;
    this.execution = execution;
    this.roundsFirst = roundsFirst;
    this.fewRows = counter(1);
    this.manyRows = counter(Integer.MAX_VALUE);
  }

  private KernelTrace.Counter counter(int rows) {
    return execution
        .trace()
        .counter(name, packed.outputFeatures(), packed.inputFeatures(), choice(rows));
  }

  private KernelChoice choice(int rows) {
    KernelChoice choice = packed.choice(rows);
    return roundsFirst
        ? new KernelChoice(
            choice.types() + ", activations rounded in float",
            choice.kernel(),
            choice.instructions())
        : choice;
  }

  boolean roundsFirst() {
    return roundsFirst;
  }

  /**
   * Computes the layer.
   *
   * @param phase what a {@link PhaseClock} counts the product as
   * @return [M x N]
   */
  Tensor apply(LinearInput input, Phase phase) {
    long start = System.nanoTime();
    if (packed.quantizesInput()) {
      PhaseClock.time(Phase.QUANTIZATION, () -> packed.quantize(input, execution.threads()));
    }
    Tensor output = PhaseClock.time(phase, () -> packed.apply(input, execution.threads()));
    KernelTrace.Counter counter = input.rows() > packed.fewRows() ? manyRows : fewRows;
    counter.add(input.rows(), System.nanoTime() - start);
    return output;
  }

  /** What would run in place of the arithmetic that the scheme promises, in words. */
  Optional<String> belowPromise() {
    KernelChoice few = choice(1);
    KernelChoice many = choice(Integer.MAX_VALUE);
    boolean slow = few.instructions().equals("scalar") || many.instructions().equals("scalar");
    return slow || roundsFirst
        ? Optional.of("%s would run as %s".formatted(name, slow || many.equals(few) ? few : many))
        : Optional.empty();
  }

  @Override
  public void close() {
    packed.close();
  }
}
