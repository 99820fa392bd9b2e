package org.bitatlas.model;

import org.bitatlas.tensor.Tensor;

/** How a block's queries meet keys and values: within the sequence, or with a cache. */
interface Attention {

  /** Whether it rounds the keys and values of a layer itself, as it stores them. */
  default boolean takesHeadsUnrounded(int layer) {
    return false;
  }

  /**
   * Attends.
   *
   * @param layer index of the block
   * @param heads [B x T x (H + 2 G) x d]: H query heads and G key heads, both rotated, then G value
   *     heads; may be written to
   * @return [B x T x H d]
   */
  Tensor attend(int layer, Tensor heads);
}
