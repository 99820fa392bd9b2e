package org.bitatlas.kernel.ascend;

/**
 * Keys and values in a C8 cache: codes of 8 bits with a scale and an offset per channel that
 * calibration found. q = rint(x / scale + offset) is the storing operator's; how the attention
 * kernel reads codes is not published beyond (q - offset) * scale.
 */
public final class CacheCodes {

  private CacheCodes() {}

  /** The code of a key or value. */
  public static byte code(float value, float scale, float offset) {
    return TokenQuantization.code(value / scale + offset, Byte.MIN_VALUE, Byte.MAX_VALUE);
  }

  /** What attention reads. */
  public static float value(byte code, float scale, float offset, HalfFormat type) {
    return type.round((code - offset) * scale);
  }
}
