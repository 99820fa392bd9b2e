package org.bitatlas.study.target;

import org.bitatlas.tensor.ElementType;

/** What a processor has a peak rate for. */
public enum Arithmetic {
  /** Products of fp32. */
  FP32(4),
  /** Products of fp16 with sums in fp32. */
  FP16(2),
  /** Products of bf16 with sums in fp32. */
  BF16(2),
  /** Products of int8 with sums in int32. */
  INT8(1),
  /** Products of int4 with sums in int32. */
  INT4(0.5),
  /** Element by element, in the type of the activations. */
  VECTOR(4);

  private final double bytes;

  Arithmetic(double bytes) {
    this.bytes = bytes;
  }

  /** Bytes of a value. */
  public double bytes() {
    return bytes;
  }

  /** The products of factors of a type. */
  public static Arithmetic of(ElementType type) {
    return switch (type) {
      case I8, U8 -> INT8;
      case BF16 -> BF16;
      case F16 -> FP16;
      default -> FP32;
    };
  }
}
