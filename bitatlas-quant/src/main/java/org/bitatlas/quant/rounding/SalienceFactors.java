package org.bitatlas.quant.rounding;

import java.util.Arrays;
import java.util.Optional;

/**
 * The factors SliM-LLM needs of a Hessian: one to rank groups while bits are searched, one for the
 * sweep.
 *
 * @param search U of the search
 * @param sweep U of the sweep
 */
public record SalienceFactors(InverseFactor search, InverseFactor sweep) {

  private static final double ABSOLUTE_DAMPING = 0.01;

  /**
   * Factors a Hessian; both factors are the same one. With the reference's quirk the search adds
   * .01 to the diagonal of H, whatever its size, and leaves it there: the sweep damps that H, in
   * which dead columns no longer have a zero and so keep their weights.
   *
   * @param hessian H [K x K], symmetric; not changed
   * @param damping fraction of the mean diagonal to add
   * @param layer name of the layer, for messages
   * @return empty when no damping makes H positive definite
   */
  public static Optional<SalienceFactors> of(
      double[] hessian, int size, double damping, boolean quirks, String layer, Tiles tiles) {
    if (!quirks) {
      return InverseFactor.of(hessian, size, damping, false, layer, tiles)
          .map(factor -> new SalienceFactors(factor, factor));
    }
    double[] raised = Arrays.copyOf(hessian, hessian.length);
    for (int k = 0; k < size; k++) {
      double diagonal = raised[k * size + k];
      raised[k * size + k] = (diagonal == 0 ? 1 : diagonal) + ABSOLUTE_DAMPING;
    }
    Optional<InverseFactor> search = InverseFactor.of(raised, size, 0, false, layer, tiles);
    Optional<InverseFactor> sweep = InverseFactor.of(raised, size, damping, false, layer, tiles);
    return search.flatMap(first -> sweep.map(second -> new SalienceFactors(first, second)));
  }

  /** U = I: groups are ranked by their weights alone, and no error is fed back. */
  public static SalienceFactors identity(int size) {
    InverseFactor factor = InverseFactor.identity(size);
    return new SalienceFactors(factor, factor);
  }
}
