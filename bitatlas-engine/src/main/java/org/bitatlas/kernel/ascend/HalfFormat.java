package org.bitatlas.kernel.ascend;

/** The 16-bit types that activations have between the operators of a model on an NPU. */
public enum HalfFormat {
  /** 8 bits of exponent, 7 of fraction. */
  BF16 {
    @Override
    public float round(float value) {
      if (Float.isNaN(value)) {
        return Float.NaN;
      }
      int bits = Float.floatToRawIntBits(value);
      int rounded = bits + 0x7FFF + (bits >>> Short.SIZE & 1);
      return Float.intBitsToFloat(rounded & 0xFFFF0000);
    }
  },
  /** 5 bits of exponent, 10 of fraction; above 65504 infinite. */
  FP16 {
    @Override
    public float round(float value) {
      return Float.float16ToFloat(Float.floatToFloat16(value));
    }
  };

  /**
   * The nearest value of the type, ties to even (the vector unit's CAST_RINT), too large ones
   * infinite; not a number stays so.
   */
  public abstract float round(float value);
}
