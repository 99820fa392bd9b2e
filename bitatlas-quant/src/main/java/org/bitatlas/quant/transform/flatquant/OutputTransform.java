package org.bitatlas.quant.transform.flatquant;

import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;
import org.bitatlas.scheme.KroneckerTransform;
import org.bitatlas.tensor.Tensor;

/**
 * The transform of o's input, the attention output of H heads of width d. Behind the transform of
 * value heads, which needs nothing while the model runs, P_O [H x H] mixes the heads; or two
 * factors of the whole width H d transform it as inputs of other layers are.
 *
 * @param left P_O, or P_L [L x L]
 * @param right P_R [R x R] with L R = H d; empty where heads are mixed
 */
record OutputTransform(Factor left, Optional<Factor> right) {

  /** W' [N x H d] of a weight that has the inverse of the value heads' transform already. */
  Tensor weight(Tensor weight) {
    Tensor inner =
        right
            .map(factor -> Kronecker.applyRight(weight, factor.inverseTransposed()))
            .orElse(weight);
    return Kronecker.applyLeft(inner, left.inverseTransposed());
  }

  /** The matrices that are applied while the model runs, by their names in {@link Operands}. */
  SequencedMap<String, Tensor> matrices() {
    SequencedMap<String, Tensor> matrices = new LinkedHashMap<>();
    if (right.isEmpty()) {
      matrices.put(BlockParameters.HEADS, left.matrix());
    } else {
      matrices.put(BlockParameters.HEADS + ".left", left.matrix());
      matrices.put(BlockParameters.HEADS + ".right", right.get().matrix());
    }
    return matrices;
  }

  /**
   * What is applied while the model runs.
   *
   * @param width H d
   */
  KroneckerTransform online(int width) {
    int leftSize = (int) left.matrix().size(0);
    return new KroneckerTransform(
        leftSize,
        width / leftSize,
        Optional.of(left.matrix().toFloats()),
        right.map(factor -> factor.matrix().toFloats()));
  }
}
