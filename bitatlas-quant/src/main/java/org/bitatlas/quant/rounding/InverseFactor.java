package org.bitatlas.quant.rounding;

import java.util.Comparator;
import java.util.Optional;
import java.util.stream.IntStream;
import org.bitatlas.tensor.BitAtlasException;

/**
 * What the column sweep needs of a Hessian H [K x K]: U, upper triangular, with H^-1 = U^T U, for
 * the damped H in sweep order; the order; and the columns whose inputs are all zero. One factor
 * serves every linear layer with the same inputs.
 *
 * @param size K
 * @param upper U [K x K], row-major, zeros below the diagonal
 * @param order column at each sweep position
 * @param dead [K] whether the diagonal of H was 0; such weights become 0
 * @param damping fraction of the mean diagonal that was added
 */
public record InverseFactor(int size, float[] upper, int[] order, boolean[] dead, double damping) {

  private static final double SMALLEST_RAISED_DAMPING = 0.01;

  /** U = I in natural order: the sweep is then round to nearest. */
  public static InverseFactor identity(int size) {
    float[] upper = new float[size * size];
    for (int k = 0; k < size; k++) {
      upper[k * size + k] = 1;
    }
    return new InverseFactor(size, upper, IntStream.range(0, size).toArray(), new boolean[size], 0);
  }

  /**
   * Factors a Hessian. When it is not positive definite the damping is raised, from 1 % on and
   * twice each time, to at most 100 %.
   *
   * @param hessian H [K x K], symmetric; not changed
   * @param damping fraction of the mean diagonal to add
   * @param descending whether the sweep takes columns by descending diagonal; equal ones keep their
   *     order
   * @param layer name of the layer, for messages
   * @return empty when no damping makes H positive definite
   * @throws BitAtlasException when H has a value that is not finite
   */
  public static Optional<InverseFactor> of(
      double[] hessian, int size, double damping, boolean descending, String layer, Tiles tiles) {
    for (double value : hessian) {
      if (!Double.isFinite(value)) {
        throw new BitAtlasException(
            "The calibration inputs of "
                + layer
                + " are not finite (overflow or NaN in the activations); check the checkpoint and"
                + " run the calibration in fp32.");
      }
    }
    double[] diagonal = new double[size];
    boolean[] dead = new boolean[size];
    double sum = 0;
    for (int k = 0; k < size; k++) {
      double value = hessian[k * size + k];
      dead[k] = value == 0;
      diagonal[k] = dead[k] ? 1 : value;
      sum += diagonal[k];
    }
    int[] order = order(diagonal, descending);
    double mean = sum / size;
    double fraction = damping;
    while (fraction <= 1) {
      Optional<float[]> upper =
          Cholesky.reversedInverse(
              size, reversed(hessian, diagonal, order, fraction * mean), tiles);
      if (upper.isPresent()) {
        return Optional.of(new InverseFactor(size, upper.get(), order, dead, fraction));
      }
      fraction = Math.max(SMALLEST_RAISED_DAMPING, 2 * fraction);
    }
    return Optional.empty();
  }

  /** The damping that {@link #ofSharedHessian} asks for; that of member 0 as it is given. */
  public static double sharedDamping(double damping, int member, boolean descending) {
    return descending || member == 0 ? damping : Math.pow(1 + damping, member + 1) - 1;
  }

  /**
   * The factor of one of several layers with the same inputs, as GPTAQ's reference makes it. Its
   * layers damp one H in place, so the damping of member m is (1 + damping)^(m + 1) - 1; taking
   * columns by descending diagonal copies H first and keeps the damping. Dead columns have lost
   * their zero on the diagonal after the first member, which keeps the others' weights.
   *
   * @param member 0 for the first layer that is rounded
   */
  public static Optional<InverseFactor> ofSharedHessian(
      double[] hessian,
      int size,
      double damping,
      int member,
      boolean descending,
      String layer,
      Tiles tiles) {
    double grown = sharedDamping(damping, member, descending);
    Optional<InverseFactor> factor = of(hessian, size, grown, descending, layer, tiles);
    return member == 0 ? factor : factor.map(InverseFactor::withoutDeadColumns);
  }

  private InverseFactor withoutDeadColumns() {
    return new InverseFactor(size, upper, order, new boolean[size], damping);
  }

  /** Compared as fp32, like the reference's Hessian. */
  private static int[] order(double[] diagonal, boolean descending) {
    IntStream natural = IntStream.range(0, diagonal.length);
    if (!descending) {
      return natural.toArray();
    }
    return natural
        .boxed()
        .sorted(Comparator.comparing((Integer k) -> (float) diagonal[k]).reversed())
        .mapToInt(Integer::intValue)
        .toArray();
  }

  /** J H' J, with H' the damped Hessian in sweep order and J the reversal. */
  private static Cholesky.Rows reversed(
      double[] hessian, double[] diagonal, int[] order, double added) {
    int last = order.length - 1;
    return (row, target, at) -> {
      int source = order[last - row] * order.length;
      for (int k = 0; k < row; k++) {
        target[at + k] = hessian[source + order[last - k]];
      }
      target[at + row] = diagonal[order[last - row]] + added;
    };
  }
}
