package org.bitatlas.quant.transform;

import org.bitatlas.tensor.BitAtlasException;

/** The message for activations that overflowed. */
final class NonFinite {

  private NonFinite() {}

  /**
   * The error for inputs of a linear layer.
   *
   * @param module full module name, for example {@code model.layers.0.mlp.down_proj}
   */
  static BitAtlasException inputs(String module) {
    return new BitAtlasException(
        "The calibration inputs of "
            + module
            + " are not finite (overflow or NaN in the activations); check the checkpoint and run"
            + " the calibration in fp32.");
  }
}
