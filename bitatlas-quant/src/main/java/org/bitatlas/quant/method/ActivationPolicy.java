package org.bitatlas.quant.method;

import org.bitatlas.tensor.BitAtlasException;

/**
 * How activations and the key-value cache are rounded; 16 bits leave them as they are.
 *
 * @param bits bits of the inputs of the linear layers, 2 to 8, or 16
 * @param symmetric whether their grid is symmetric
 * @param granularity what shares a scale
 * @param clip factor on the dynamic range, above 0 to 1
 * @param outputBits bits of the outputs of q, k and v, as SmoothQuant's simulation rounds them
 * @param keyBits bits of the cached keys
 * @param valueBits bits of the cached values
 */
public record ActivationPolicy(
    int bits,
    boolean symmetric,
    Granularity granularity,
    double clip,
    int outputBits,
    int keyBits,
    int valueBits) {

  /** What shares a scale. */
  public enum Granularity {
    /** One scale per token, found at run time. */
    DYNAMIC_TOKEN("dynamic-token"),
    /** One scale per tensor, found at run time. */
    DYNAMIC_TENSOR("dynamic-tensor"),
    /** One scale per tensor, fixed by calibration. */
    STATIC_TENSOR("static-tensor");

    private final String id;

    Granularity(String id) {
      this.id = id;
    }

    /** Name in recipes. */
    public String id() {
      return id;
    }
  }

  /** Bits that mean: not rounded. */
  public static final int FLOAT_BITS = 16;

  /** Weight-only. */
  public static final ActivationPolicy NONE =
      new ActivationPolicy(
          FLOAT_BITS, true, Granularity.DYNAMIC_TOKEN, 1, FLOAT_BITS, FLOAT_BITS, FLOAT_BITS);

  /**
   * Checks the ranges.
   *
   * @throws BitAtlasException when an option is out of range
   */
  public ActivationPolicy {
    requireBits("a_bits", bits);
    requireBits("output_bits", outputBits);
    requireBits("k_bits", keyBits);
    requireBits("v_bits", valueBits);
    if (!(clip > 0 && clip <= 1)) {
      throw new BitAtlasException(
          "A recipe clips activation ranges by " + clip + "; give a factor above 0, at most 1.");
    }
  }

  private static void requireBits(String option, int bits) {
    if (bits != FLOAT_BITS && (bits < 2 || bits > 8)) {
      throw new BitAtlasException(
          "A recipe has %s %d; give 2 to 8, or 16 to leave them in floating point."
              .formatted(option, bits));
    }
  }

  /** Inputs rounded per token at run time, symmetric; nothing else. */
  public static ActivationPolicy perToken(int bits) {
    return new ActivationPolicy(
        bits, true, Granularity.DYNAMIC_TOKEN, 1, FLOAT_BITS, FLOAT_BITS, FLOAT_BITS);
  }

  /** Whether anything is rounded. */
  public boolean rounds() {
    return bits != FLOAT_BITS
        || outputBits != FLOAT_BITS
        || keyBits != FLOAT_BITS
        || valueBits != FLOAT_BITS;
  }

  /** Whether ranges come from calibration data. */
  public boolean needsCalibration() {
    return bits != FLOAT_BITS && granularity == Granularity.STATIC_TENSOR;
  }
}
