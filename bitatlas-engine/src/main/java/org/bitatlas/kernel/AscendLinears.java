package org.bitatlas.kernel;

import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.scheme.StoredLinear;

/** Quantized layers as an Ascend 910B computes them, for activations in bf16. */
public final class AscendLinears {

  /** Said wherever something of this kind is named. */
  public static final String LABEL = "emulated Ascend numerics, never run on hardware";

  /** Raised when the same layer and inputs would give other outputs. */
  public static final int BEHAVIOUR_VERSION = 1;

  private AscendLinears() {}

  /**
   * Packs a layer.
   *
   * @param module its name, for messages
   * @param bias b [N], or empty
   * @param around what happens to its inputs; a transform is the caller's
   * @param roundedScales whether a static scale was rounded before it was written
   * @throws org.bitatlas.tensor.BitAtlasException where Ascend has no such layer
   */
  public static PackedLinear pack(
      String module,
      StoredLinear stored,
      float[] bias,
      LinearActivations around,
      boolean roundedScales,
      RowKernels kernels) {
    AscendScheme scheme = AscendScheme.of(module, stored, around);
    GridLinear linear = (GridLinear) stored;
    return switch (scheme) {
      case W8A8, W8A8_DYNAMIC, W4A4_DYNAMIC, W4A4_FLATQUANT_DYNAMIC ->
          new AscendIntegerLinear(
              scheme, linear, bias, around.input().orElseThrow(), roundedScales);
      case W8A16, W4A16, W4A8_DYNAMIC -> new AscendWeightOnlyLinear(scheme, linear, bias, kernels);
    };
  }
}
