package org.bitatlas.quant.transform.flatquant;

import org.bitatlas.tensor.Tensor;

/**
 * A transform of the channels of a linear layer's input: x' = (x c) (P_L kron P_R); the weight gets
 * the inverse, W' = (W / c) (P_L^-T kron P_R^-T).
 *
 * @param channels c [L R], F32
 * @param left P_L
 * @param right P_R
 */
record Kronecker(Tensor channels, Factor left, Factor right) {

  /** W' [N x L R] of W, in W's type. */
  Tensor weight(Tensor weight) {
    return apply(
        weight.div(channels.to(weight.elementType())),
        left.inverseTransposed(),
        right.inverseTransposed());
  }

  /**
   * P_L^T X P_R for every row x of {@code rows} [.. x L R] read as X [L x R], in the type of the
   * rows.
   */
  static Tensor apply(Tensor rows, Tensor left, Tensor right) {
    return applyLeft(applyRight(rows, right), left);
  }

  /** X P_R for every row. */
  static Tensor applyRight(Tensor rows, Tensor right) {
    return rows.reshape(-1, right.size(0)).matmul(right.to(rows.elementType())).view(rows.shape());
  }

  /** P_L^T X for every row: two copies around one product are faster than a product per row. */
  static Tensor applyLeft(Tensor rows, Tensor left) {
    long leftSize = left.size(0);
    long rightSize = rows.size(-1) / leftSize;
    return rows.reshape(-1, leftSize, rightSize)
        .transpose(1, 2)
        .reshape(-1, leftSize)
        .matmul(left.to(rows.elementType()))
        .view(-1, rightSize, leftSize)
        .transpose(1, 2)
        .reshape(rows.shape());
  }
}
