package org.bitatlas.model;

import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.Device;

/** How the linear layers of a quantized model are computed. */
public enum Execution {
  /** Weights dequantized once, activations rounded in float: float products. */
  SIMULATED,
  /** From packed codes: integer products where activations are quantized too. */
  INTEGER;

  /**
   * Refuses a device that has no kernels for it.
   *
   * @throws BitAtlasException for integers anywhere but on the CPU
   */
  public void requireOn(Device device) {
    if (this == INTEGER && !device.isHost()) {
      throw new BitAtlasException(
          "Integer execution runs on the CPU only, not on %s; ask for simulated execution, or for the CPU."
              .formatted(device));
    }
  }
}
