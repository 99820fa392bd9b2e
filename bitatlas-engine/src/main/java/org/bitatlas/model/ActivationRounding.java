package org.bitatlas.model;

import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.ActivationQuantizer.Strategy;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * Rounds activations to the grid of an {@link ActivationQuantizer} and back to float: what integer
 * execution would compute with, in floating point ("simulated"). All arithmetic is fp32. A value
 * that is not a number makes all that share its scale so.
 */
public final class ActivationRounding {

  /** Elements that pass through the first-level cache together. */
  private static final int PIECE = 4096;

  /** 1.5 * 2^23: adding and subtracting it rounds |x| up to 2^22 to whole numbers, half to even. */
  static final float ROUNDING = 0x1.8p23f;

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
      Tensor rounded;
      if (!wide.device().isHost()) {
        rounded = DeviceRounding.apply(wide, quantizer, headDimension);
      } else if (quantizer.strategy() == Strategy.TENSOR) {
        rounded = perTensor(wide, quantizer);
      } else {
        rounded = perGroup(wide, quantizer, headDimension);
      }
      return scope.keep(rounded.to(activations.elementType()));
    }
  }

  private static Tensor perTensor(Tensor values, ActivationQuantizer quantizer) {
    float low = quantizer.staticLow();
    float high = quantizer.staticHigh();
    if (quantizer.dynamic()) {
      Tensor flat = values.reshape(-1);
      low = Math.min(0, (float) flat.amin(0).item()) * quantizer.clipLow();
      high = Math.max(0, (float) flat.amax(0).item()) * quantizer.clipHigh();
    }
    float[] range = {low, high};
    return values.mapFloats(
        PIECE, (piece, count) -> round(piece, 0, count, range[0], range[1], quantizer));
  }

  private static Tensor perGroup(Tensor values, ActivationQuantizer quantizer, int headDimension) {
    boolean token = quantizer.strategy() == Strategy.TOKEN;
    int width = token ? Math.toIntExact(values.size(-1)) : headDimension;
    if (values.elementCount() % width != 0) {
      throw new IllegalArgumentException("heads of " + width + " do not divide " + values);
    }
    return values.mapFloats(
        width * Math.max(1, PIECE / width),
        (piece, count) -> {
          for (int start = 0; start < count; start += width) {
            int end = start + width;
            float low = 0;
            float high = 0;
            for (int i = start; i < end; i++) {
              low = Math.min(low, piece[i]);
              high = Math.max(high, piece[i]);
            }
            round(
                piece,
                start,
                end,
                low * quantizer.clipLow(),
                high * quantizer.clipHigh(),
                quantizer);
          }
        });
  }

  /** Rounds values that share a range. */
  private static void round(
      float[] values, int start, int end, float low, float high, ActivationQuantizer quantizer) {
    int levels = (1 << quantizer.bits()) - 1;
    int limit = levels / 2;
    boolean symmetric = quantizer.symmetric();
    // A range of zeros rounds zeros, whatever the scale; the smallest normal avoids 0 / 0.
    float scale =
        Math.max(
            symmetric ? Math.max(high, Math.abs(low)) / limit : (high - low) / levels,
            Float.MIN_NORMAL);
    float least = symmetric ? -limit - 1f : (float) Math.rint(low / scale);
    float greatest = symmetric ? limit : least + levels;
    // The bounds are whole, so clamping first gives the same as rounding first.
    for (int i = start; i < end; i++) {
      float clamped = Math.min(Math.max(values[i] / scale, least), greatest);
      values[i] = (clamped + ROUNDING - ROUNDING) * scale;
    }
  }
}
