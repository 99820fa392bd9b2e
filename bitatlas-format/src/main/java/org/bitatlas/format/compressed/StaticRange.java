package org.bitatlas.format.compressed;

import java.util.List;
import org.bitatlas.scheme.ActivationQuantizer;

/**
 * The grid of activations whose range calibration fixed, as compressed-tensors stores it.
 *
 * @param scale step of the grid
 * @param zeroPoint signed, -2^(b-1) .. 2^(b-1) - 1; 0 for a symmetric grid
 */
record StaticRange(float scale, int zeroPoint) {

  /** The grid of a static quantizer, in the arithmetic of {@link ActivationQuantizer}. */
  static StaticRange of(ActivationQuantizer quantizer) {
    int levels = (1 << quantizer.bits()) - 1;
    float low = quantizer.staticLow();
    float high = quantizer.staticHigh();
    if (quantizer.symmetric()) {
      int limit = levels / 2;
      return new StaticRange(Math.max(Math.max(high, Math.abs(low)) / limit, Float.MIN_NORMAL), 0);
    }
    float scale = Math.max((high - low) / levels, Float.MIN_NORMAL);
    int zero = (int) -Math.rint(low / scale);
    return new StaticRange(scale, zero - (1 << (quantizer.bits() - 1)));
  }

  /**
   * A quantizer with this grid. Where no range gives the very scale, the nearest does: a neutral
   * checkpoint stores ranges, and about one scale in a hundred is no range divided by its levels.
   */
  ActivationQuantizer quantizer(int bits, boolean symmetric) {
    int levels = (1 << bits) - 1;
    if (symmetric) {
      int limit = levels / 2;
      float high = scale * limit;
      for (float candidate : List.of(high, Math.nextUp(high), Math.nextDown(high))) {
        if (candidate / limit == scale) {
          high = candidate;
          break;
        }
      }
      return ActivationQuantizer.perTensor(bits, true, -high, high);
    }
    int zero = zeroPoint + (1 << (bits - 1));
    float low = -scale * zero;
    float high = scale * (levels - zero);
    ActivationQuantizer nearest = ActivationQuantizer.perTensor(bits, false, low, high);
    for (float lower : List.of(low, Math.nextUp(low), Math.nextDown(low))) {
      for (float upper : List.of(high, Math.nextUp(high), Math.nextDown(high))) {
        if (lower <= 0 && upper >= 0) {
          ActivationQuantizer candidate = ActivationQuantizer.perTensor(bits, false, lower, upper);
          if (equals(of(candidate))) {
            return candidate;
          }
        }
      }
    }
    return nearest;
  }
}
