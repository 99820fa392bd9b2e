package org.bitatlas.quant.pipeline;

import java.util.Optional;
import org.bitatlas.quant.method.Profile;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.StoredLinear;
import org.bitatlas.tensor.ElementType;

/**
 * The type scales are kept in. The papers' repositories keep fp32; what vLLM and vLLM-Ascend load
 * has scales in the type of the checkpoint, rounded after the codes were chosen.
 */
final class ScaleType {

  private ScaleType() {}

  /** The layer with its scales as the profile stores them, in fp32 variables. */
  static StoredLinear stored(StoredLinear linear, Profile profile, ElementType weights) {
    boolean reduced = weights == ElementType.BF16 || weights == ElementType.F16;
    if (profile == Profile.REFERENCE || !reduced || !(linear instanceof GridLinear grid)) {
      return linear;
    }
    Optional<float[]> channels = grid.channelScales().map(float[]::clone);
    float[] scales = grid.scales().clone();
    if (channels.isPresent()) {
      byte[] seconds = grid.secondScales();
      round(channels.get(), weights);
      for (int i = 0; i < scales.length; i++) {
        scales[i] = channels.get()[i / grid.groups()] * seconds[i];
      }
    } else {
      round(scales, weights);
    }
    return new GridLinear(
        grid.outputFeatures(),
        grid.inputFeatures(),
        grid.bits(),
        grid.groupSize(),
        grid.symmetric(),
        grid.codes(),
        scales,
        grid.zeroPoints(),
        grid.groupIndex(),
        channels);
  }

  private static void round(float[] scales, ElementType weights) {
    for (int i = 0; i < scales.length; i++) {
      scales[i] =
          weights == ElementType.BF16
              ? bfloat16(scales[i])
              : Float.float16ToFloat(Float.floatToFloat16(scales[i]));
    }
  }

  /** The nearest bf16, halves to the even one. */
  static float bfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    int even = (bits >>> 16) & 1;
    return Float.intBitsToFloat((bits + 0x7FFF + even) & 0xFFFF0000);
  }
}
