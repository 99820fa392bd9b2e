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
sealed interface PackedPart extends AutoCloseable {

  /** The first of the projections. */
  Projection first();

  /** Whether the product wants its activations rounded in float. */
  boolean roundsFirst();

  /**
   * Computes the part.
   *
   * @param input X [.. x K], transformed, and rounded where it wants that
   * @param buffers the same, for products on codes
   * @return [M x N]
   */
  Tensor apply(Tensor input, LinearInput buffers);

  /** What would run in place of the arithmetic that the scheme promises, in words. */
  Optional<String> belowPromise();

  @Override
  void close();

  private static String name(List<Projection> projections) {
    return projections.stream()
        .map(projection -> projection.path().substring(projection.path().indexOf('.') + 1))
        .collect(Collectors.joining(", "));
  }

  /** A part on codes; {@code roundsFirst} as {@link TracedLinear} says. */
  static PackedPart onCodes(
      List<Projection> projections,
      PackedLinear packed,
      boolean roundsFirst,
      PackedExecution execution) {
    return new OnCodes(
        projections.getFirst(),
        new TracedLinear(name(projections), packed, roundsFirst, execution));
  }

  /** A part that stays float. */
  static PackedPart inFloat(
      List<Projection> projections, FusedLinear linear, PackedExecution execution) {
    String type = linear.elementType().toString().toLowerCase(Locale.ROOT);
    KernelTrace.Counter counter =
        execution
            .trace()
            .counter(
                name(projections),
                linear.outputFeatures(),
                linear.inputFeatures(),
                new KernelChoice(type + " x " + type, "float product", "libtorch"));
    return new InFloat(projections.getFirst(), linear, counter);
  }

  /** From packed codes. */
  record OnCodes(Projection first, TracedLinear linear) implements PackedPart {

    @Override
    public boolean roundsFirst() {
      return linear.roundsFirst();
    }

    @Override
    public Tensor apply(Tensor input, LinearInput buffers) {
      return linear.apply(buffers, Phase.LINEAR);
    }

    @Override
    public Optional<String> belowPromise() {
      return linear.belowPromise();
    }

    @Override
    public void close() {
      linear.close();
    }
  }

  /** In float, as the scheme says. */
  record InFloat(Projection first, FusedLinear linear, KernelTrace.Counter counter)
      implements PackedPart {

    @Override
    public boolean roundsFirst() {
      return true;
    }

    @Override
    public Tensor apply(Tensor input, LinearInput buffers) {
      long start = System.nanoTime();
      Tensor output = linear.apply(input.view(buffers.rows(), buffers.columns()));
      counter.add(buffers.rows(), System.nanoTime() - start);
      return output;
    }

    @Override
    public Optional<String> belowPromise() {
      return Optional.empty();
    }

    @Override
    public void close() {
      linear.close();
    }
  }
}
