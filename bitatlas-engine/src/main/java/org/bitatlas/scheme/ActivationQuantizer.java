package org.bitatlas.scheme;

import org.bitatlas.tensor.BitAtlasException;

/**
 * How activations are rounded to integers before they are used. N = 2^b - 1, Q = 2^(b-1) - 1.
 *
 * <p>Symmetric: s = max(|lo|, |hi|) / Q, q = clamp(round(x / s), -Q - 1, Q). Asymmetric: s = (hi -
 * lo) / N, z = round(-lo / s), q = clamp(round(x / s) + z, 0, N). lo = min(0, min x) {@code
 * clipLow}, hi = max(0, max x) {@code clipHigh} over the values that share a scale; rounding is
 * half to even.
 *
 * @param bits 2 to 8
 * @param symmetric whether the grid is symmetric around 0
 * @param strategy which values share a scale
 * @param clipLow factor on the lower end of the range, above 0 to 1
 * @param clipHigh factor on the upper end
 * @param staticLow lower end of a range fixed by calibration, at most 0; only with {@link
 *     Strategy#TENSOR}
 * @param staticHigh upper end of it, at least 0; both 0 for a range found at run time (dynamic)
 */
public record ActivationQuantizer(
    int bits,
    boolean symmetric,
    Strategy strategy,
    float clipLow,
    float clipHigh,
    float staticLow,
    float staticHigh) {

  /** Which values share a scale; the words are compressed-tensors'. */
  public enum Strategy {
    /** One scale for all values of one call, or one fixed by calibration. */
    TENSOR,
    /** One scale per token. */
    TOKEN,
    /** One scale per token and head. */
    HEAD
  }

  /**
   * Checks the ranges.
   *
   * @throws BitAtlasException when a value is out of range
   */
  public ActivationQuantizer {
    if (bits < 2 || bits > 8) {
      throw new BitAtlasException(
          "Activations cannot be quantized to " + bits + " bits; give 2 to 8, or 16 for none.");
    }
    boolean clipped = clipLow > 0 && clipLow <= 1 && clipHigh > 0 && clipHigh <= 1;
    if (!clipped) {
      throw new BitAtlasException(
          "An activation range is clipped by %s and %s; give factors above 0, at most 1."
              .formatted(clipLow, clipHigh));
    }
    boolean ordered = staticLow <= 0 && staticHigh >= 0;
    boolean dynamic = staticLow == 0 && staticHigh == 0;
    if (!ordered || (!dynamic && strategy != Strategy.TENSOR)) {
      throw new BitAtlasException(
          "A static activation range of %s to %s with strategy %s; a range around 0 per tensor is expected."
              .formatted(staticLow, staticHigh, strategy));
    }
  }

  /** A range found per token at run time. */
  public static ActivationQuantizer perToken(int bits, boolean symmetric) {
    return dynamic(bits, symmetric, Strategy.TOKEN, 1);
  }

  /** A range found at run time. */
  public static ActivationQuantizer dynamic(
      int bits, boolean symmetric, Strategy strategy, float clip) {
    return new ActivationQuantizer(bits, symmetric, strategy, clip, clip, 0, 0);
  }

  /** A range per tensor that calibration found. */
  public static ActivationQuantizer perTensor(int bits, boolean symmetric, float low, float high) {
    return new ActivationQuantizer(bits, symmetric, Strategy.TENSOR, 1, 1, low, high);
  }

  /** Whether the range is found at run time. */
  public boolean dynamic() {
    return staticLow == 0 && staticHigh == 0;
  }
}
