package org.bitatlas.scheme;

import java.util.Optional;

/**
 * What happens around a linear layer while the model runs.
 *
 * @param transform applied to the input first
 * @param input rounding of the (transformed) input
 * @param output rounding of the output, bias included; SmoothQuant rounds the outputs of q, k and v
 */
public record LinearActivations(
    Optional<KroneckerTransform> transform,
    Optional<ActivationQuantizer> input,
    Optional<ActivationQuantizer> output) {

  /** Nothing happens. */
  public static final LinearActivations NONE =
      new LinearActivations(Optional.empty(), Optional.empty(), Optional.empty());

  /** Only the input is rounded. */
  public static LinearActivations rounding(ActivationQuantizer input) {
    return new LinearActivations(Optional.empty(), Optional.of(input), Optional.empty());
  }
}
