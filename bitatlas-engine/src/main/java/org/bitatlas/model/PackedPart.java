package org.bitatlas.model;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.bitatlas.kernel.DenseLinear;
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
   * @param input X [M x K], transformed, and rounded where it wants that
   * @return [M x N]
   */
  Tensor apply(LinearInput input);

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

  /**
   * A part that stays float.
   *
   * @param rounded whether its activations are rounded in float
   */
  static PackedPart inFloat(
      List<Projection> projections,
      DenseLinear linear,
      boolean rounded,
      PackedExecution execution) {
    return new InFloat(
        projections.getFirst(), new TracedLinear(name(projections), linear, rounded, execution));
  }

  /** From packed codes. */
  record OnCodes(Projection first, TracedLinear linear) implements PackedPart {

    @Override
    public boolean roundsFirst() {
      return linear.roundsFirst();
    }

    @Override
    public Tensor apply(LinearInput input) {
      return linear.apply(input, Phase.LINEAR);
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
  record InFloat(Projection first, TracedLinear linear) implements PackedPart {

    @Override
    public boolean roundsFirst() {
      return true;
    }

    @Override
    public Tensor apply(LinearInput input) {
      return linear.apply(input, Phase.LINEAR);
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
