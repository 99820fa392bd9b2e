package org.bitatlas.quant.transform.flatquant;

import org.bitatlas.model.DecoderBlock;
import org.bitatlas.model.InputGroup;
import org.bitatlas.quant.method.FlatForm;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;

/**
 * Transforms as a model whose activations have 16 bits holds them: factors of the inputs of linear
 * layers in that type, channel scales such that norms that take them up are in it. The inverses are
 * those of the rounded factors, so that a block with them still is the float block.
 *
 * @param block gives the norms
 * @param type of the factors and norms
 */
record RoundedTransforms(DecoderBlock block, FlatForm.Type type) {

  /**
   * Rounds the transforms of a block.
   *
   * @throws BitAtlasException when a rounded factor has no inverse
   */
  BlockTransforms of(BlockTransforms learned) {
    if (type == FlatForm.Type.FLOAT32) {
      return learned;
    }
    try {
      return new BlockTransforms(
          behindNorm(learned.attention(), InputGroup.ATTENTION),
          new OutputTransform(
              rounded(learned.output().left()), learned.output().right().map(this::rounded)),
          learned.values(),
          learned.keys(),
          behindNorm(learned.mlp(), InputGroup.MLP),
          new Kronecker(
              learned.mlpOutput().channels(),
              rounded(learned.mlpOutput().left()),
              rounded(learned.mlpOutput().right())));
    } catch (Factor.SingularException singular) {
      throw new BitAtlasException(
          "Block %d: a transform has no inverse when it is rounded to %s; leave trans_dtype at float32 or lower flat_lr."
              .formatted(block.layer(), type.id()));
    }
  }

  private Kronecker behindNorm(Kronecker learned, InputGroup group) {
    return new Kronecker(
        channels(learned.channels(), block.norm(group)),
        rounded(learned.left()),
        rounded(learned.right()));
  }

  /** The c' [K] nearest to c for which n c' has the type; fp64. */
  private Tensor channels(Tensor learned, float[] norm) {
    double[] channels = learned.to(ElementType.F64).toDoubles();
    double[] products = new double[channels.length];
    for (int k = 0; k < channels.length; k++) {
      products[k] = norm[k] * channels[k];
    }
    double[] held = rounded(Tensor.fromDoubles(products, products.length)).toDoubles();
    for (int k = 0; k < channels.length; k++) {
      // A norm of 0 leaves nothing to scale; one that would become 0 is better off a little larger.
      if (norm[k] != 0 && held[k] != 0) {
        channels[k] = held[k] / norm[k];
      }
    }
    return Tensor.fromDoubles(channels, channels.length);
  }

  private Factor rounded(Factor learned) {
    return Factor.ofMatrix(rounded(learned.matrix()));
  }

  /** Values in the type, as fp64. */
  Tensor rounded(Tensor values) {
    return values.to(type.element()).to(ElementType.F64);
  }
}
