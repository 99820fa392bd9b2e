package org.bitatlas.model;

import java.util.Locale;
import java.util.Optional;
import org.bitatlas.kernel.AscendLinears;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.Device;

/** How the linear layers of a quantized model are computed. */
public enum Execution {
  /** Weights dequantized once, activations rounded in float: float products. */
  SIMULATED,
  /** From packed codes: integer products where activations are quantized too. */
  INTEGER,
  /**
   * As an Ascend 910B computes them, emulated on the CPU with activations in bf16; never run on
   * hardware. What is exact: docs/ascend-numerics.md.
   */
  ASCEND_910B,
  /**
   * The same of a checkpoint whose scales were rounded before it was written, so that an NPU's
   * roundings lose nothing ({@link org.bitatlas.kernel.ascend.ExportedScales#rounded}): other
   * results only for inputs with a static scale.
   */
  ASCEND_910B_ROUNDED_SCALES;

  /** What our own arithmetic is called among numerics. */
  public static final String OURS = "ours";

  /**
   * The execution that emulates a machine; empty for {@link #OURS}.
   *
   * @throws BitAtlasException for an unknown name
   */
  public static Optional<Execution> ofNumerics(String name) {
    if (name.strip().equalsIgnoreCase(OURS)) {
      return Optional.empty();
    }
    for (Execution execution : values()) {
      if (execution.emulated() && execution.numerics().equalsIgnoreCase(name.strip())) {
        return Optional.of(execution);
      }
    }
    throw new BitAtlasException(
        "There are no numerics '%s'%s; give %s, %s or %s."
            .formatted(
                name,
                name.strip().toLowerCase(Locale.ROOT).startsWith("ascend-310")
                    ? ": the kernels of the 310P are others, and what they compute was not read"
                    : "",
                OURS,
                ASCEND_910B.numerics(),
                ASCEND_910B_ROUNDED_SCALES.numerics()));
  }

  /** The name of the numerics, for example {@code ascend-910b}. */
  public String numerics() {
    return emulated() ? name().toLowerCase(Locale.ROOT).replace('_', '-') : OURS;
  }

  /** Whether quantized layers keep their codes. */
  boolean onCodes() {
    return this != SIMULATED;
  }

  /** Whether it stands for the arithmetic of another machine. */
  public boolean emulated() {
    return this == ASCEND_910B || this == ASCEND_910B_ROUNDED_SCALES;
  }

  /** What has to be said wherever numbers of it are shown; empty where they are our own. */
  public String label() {
    return emulated() ? AscendLinears.LABEL : "";
  }

  /**
   * Refuses a device that has no kernels for it.
   *
   * @throws BitAtlasException for anything but simulation anywhere but on the CPU, except integers
   *     on an NPU
   */
  public void requireOn(Device device) {
    if (emulated() && !device.isHost()) {
      throw new BitAtlasException(
          "Ascend numerics are emulated on the CPU only, not on %s; leave --device out."
              .formatted(device));
    }
    if (this == INTEGER && !device.isHost() && device.kind() != Device.Kind.NPU) {
      throw new BitAtlasException(
          "Integer execution runs on the CPU, or on an NPU, not on %s; ask for simulated execution, or for the CPU."
              .formatted(device));
    }
  }

  /**
   * Refuses a precision that it does not have.
   *
   * @throws BitAtlasException for an emulation, or an NPU's integers, with activations in anything
   *     but bf16
   */
  public void requireIn(Precision precision, Device device) {
    boolean onNpu = this == INTEGER && !device.isHost();
    if ((emulated() || onNpu) && precision != Precision.BF16) {
      throw new BitAtlasException(
          "%s in bf16, not %s; %s."
              .formatted(
                  onNpu
                      ? "The integer products of an NPU have activations"
                      : "Ascend numerics have activations",
                  precision.name().toLowerCase(Locale.ROOT),
                  onNpu ? "give bf16" : "leave the precision out, or give bf16"));
    }
  }
}
