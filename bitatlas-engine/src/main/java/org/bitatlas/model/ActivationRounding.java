package org.bitatlas.model;

import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * Rounds activations to the grid of an {@link ActivationQuantizer} and back to float: what integer
 * execution would compute with, in floating point ("simulated"). All arithmetic is fp32.
 */
public final class ActivationRounding {

  private ActivationRounding() {}

  /**
   * Rounds and dequantizes.
   *
   * @param activations [.. x C]
   * @param headDimension d, for {@link ActivationQuantizer.Strategy#HEAD}; divides C
   * @return a new tensor of the same shape and type
   */
  public static Tensor apply(Tensor activations, ActivationQuantizer quantizer, int headDimension) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor wide = activations.to(ElementType.F32);
      Tensor grouped =
          switch (quantizer.strategy()) {
            case TENSOR -> wide.reshape(1, -1);
            case TOKEN -> wide;
            case HEAD -> wide.reshape(-1, headDimension);
          };
      Tensor rounded =
          quantizer.dynamic() ? dynamic(grouped, quantizer) : fixed(grouped, quantizer);
      return scope.keep(rounded.reshape(activations.shape()).to(activations.elementType()));
    }
  }

  private static Tensor dynamic(Tensor values, ActivationQuantizer quantizer) {
    Tensor low = values.amin(-1).clamp(Double.NEGATIVE_INFINITY, 0).mul(quantizer.clipLow());
    Tensor high = values.amax(-1).clamp(0, Double.POSITIVE_INFINITY).mul(quantizer.clipHigh());
    return rounded(values, low.unsqueeze(-1), high.unsqueeze(-1), quantizer);
  }

  private static Tensor fixed(Tensor values, ActivationQuantizer quantizer) {
    Tensor low = Tensor.full(ElementType.F32, quantizer.staticLow(), 1, 1);
    Tensor high = Tensor.full(ElementType.F32, quantizer.staticHigh(), 1, 1);
    return rounded(values, low, high, quantizer);
  }

  /** A range of zeros rounds zeros, whatever the scale; the smallest normal avoids 0 / 0. */
  private static Tensor rounded(
      Tensor values, Tensor low, Tensor high, ActivationQuantizer quantizer) {
    int bits = quantizer.bits();
    if (quantizer.symmetric()) {
      int limit = (1 << (bits - 1)) - 1;
      Tensor scale = positive(high.maximum(low.abs()).div(limit));
      return values.div(scale).round().clamp(-limit - 1.0, limit).mulInPlace(scale);
    }
    int levels = (1 << bits) - 1;
    Tensor scale = positive(high.sub(low).div(levels));
    Tensor zero = low.div(scale).round();
    return values.div(scale).round().sub(zero).clamp(0, levels).addInPlace(zero).mulInPlace(scale);
  }

  private static Tensor positive(Tensor scale) {
    return scale.clamp(Float.MIN_NORMAL, Double.POSITIVE_INFINITY);
  }
}
