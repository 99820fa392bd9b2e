package org.bitatlas.model;

import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.NativeRuntime;

/** The floating-point type a model computes in. */
public enum Precision {
  FP32(ElementType.F32),
  BF16(ElementType.BF16);

  private final ElementType elementType;

  Precision(ElementType elementType) {
    this.elementType = elementType;
  }

  /** Type of weights and activations. */
  public ElementType elementType() {
    return elementType;
  }

  /**
   * A choice and its reason.
   *
   * @param precision what to use
   * @param reason why, as a clause for the user
   */
  public record Choice(Precision precision, String reason) {}

  /** What suits this machine: BF16 where the CPU multiplies bf16 in hardware (AMX), else FP32. */
  public static Choice preferred() {
    return NativeRuntime.cpuFeatures().contains("amx_bf16")
        ? new Choice(BF16, "the CPU multiplies bf16 tiles in hardware (AMX)")
        : new Choice(FP32, "the CPU has no AMX, so bf16 would be slower than fp32");
  }
}
