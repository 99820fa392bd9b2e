package org.bitatlas.model;

import org.bitatlas.tensor.Tensor;

/**
 * The operators of a decoder block that a quantization method replaces while it searches or trains:
 * everything else of the forward pass is the model's own. All of it can be differentiated.
 */
public interface BlockOperators {

  /**
   * The linear layers of a group, biases included.
   *
   * @param input X [B x T x K], before any transform
   * @return their outputs side by side [B x T x sum N], in the order of {@link
   *     InputGroup#projections()}; a new tensor, the block may write to it
   */
  Tensor linear(InputGroup group, Tensor input);

  /**
   * Queries, keys and values between the rotary embedding and attention.
   *
   * @param heads [B x T x (H + 2 G) x d]: H query and G key heads, rotated, then G value heads
   * @return a tensor of the same shape
   */
  Tensor heads(Tensor heads);
}
