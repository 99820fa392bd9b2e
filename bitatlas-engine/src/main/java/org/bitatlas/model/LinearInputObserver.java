package org.bitatlas.model;

import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.tensor.Tensor;

/** Sees what goes into each linear layer of a block, just before it is multiplied. */
@FunctionalInterface
public interface LinearInputObserver {

  /** Looks at nothing. */
  LinearInputObserver NONE = (_, _) -> {};

  /**
   * Called before each projection, in calibration order; q, k and v get the same tensor, and so do
   * gate and up.
   *
   * @param projection the linear layer
   * @param input its input [B x T x K] in the model's precision; valid during the call
   */
  void observe(Projection projection, Tensor input);
}
