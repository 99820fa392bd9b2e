package org.bitatlas.model;

import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;

/**
 * The arithmetic of {@link ActivationRounding} by operators of libtorch, for devices whose memory
 * Java does not read: the same operations in the same order, and nothing waits for the device.
 * Divisors are tensors, because a GPU multiplies by the reciprocal of a number.
 */
final class DeviceRounding {

  private DeviceRounding() {}

  /** Rounds F32 values [.. x C] and dequantizes them; of the same shape. */
  static Tensor apply(Tensor values, ActivationQuantizer quantizer, int headDimension) {
    Tensor groups =
        switch (quantizer.strategy()) {
          case TENSOR -> values.reshape(1, -1);
          case TOKEN -> values.reshape(-1, values.size(-1));
          case HEAD -> values.reshape(-1, headDimension);
        };
    boolean fixed = !quantizer.dynamic();
    Tensor low =
        fixed
            ? number(groups, quantizer.staticLow())
            : groups.amin(-1).clamp(Double.NEGATIVE_INFINITY, 0).mul(quantizer.clipLow());
    Tensor high =
        fixed
            ? number(groups, quantizer.staticHigh())
            : groups.amax(-1).clamp(0, Double.POSITIVE_INFINITY).mul(quantizer.clipHigh());
    return round(groups, low.view(-1, 1), high.view(-1, 1), quantizer).reshape(values.shape());
  }

  private static Tensor number(Tensor like, double value) {
    return Tensor.zeros(like.device(), ElementType.F32, 1).fillInPlace(value);
  }

  /** Rounds rows [n x width] in ranges [n x 1], or in one range [1 x 1]. */
  private static Tensor round(Tensor rows, Tensor low, Tensor high, ActivationQuantizer quantizer) {
    int levels = (1 << quantizer.bits()) - 1;
    int limit = levels / 2;
    boolean symmetric = quantizer.symmetric();
    Tensor span = symmetric ? high.maximum(low.abs()) : high.sub(low);
    Tensor scale =
        span.div(number(rows, symmetric ? limit : levels)).maximum(number(rows, Float.MIN_NORMAL));
    Tensor least = symmetric ? number(rows, -limit - 1) : low.div(scale).round();
    Tensor greatest = symmetric ? number(rows, limit) : least.add(levels);
    return rows.div(scale)
        .clamp(least, greatest)
        .add(ActivationRounding.ROUNDING)
        .add(-ActivationRounding.ROUNDING)
        .mul(scale);
  }
}
