package org.bitatlas.format.modelslim;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * How a linear layer W [N x K] is stored and executed, by the words of {@code
 * quant_model_description.json}. The tensors are those that vLLM-Ascend's scheme of that name
 * creates parameters for.
 */
public enum LinearType {
  /** Not quantized. */
  FLOAT(List.of()),
  /** Weights of 8 bits, activations in the model's type. */
  W8A16(List.of(TensorNames.WEIGHT_SCALE, TensorNames.WEIGHT_OFFSET)),
  /** Static activations of 8 bits, one scale and offset per tensor. */
  W8A8(
      List.of(
          TensorNames.INPUT_SCALE,
          TensorNames.INPUT_OFFSET,
          TensorNames.QUANT_BIAS,
          TensorNames.DEQ_SCALE)),
  /** Activations of 8 bits, one scale per token found at run time. */
  W8A8_DYNAMIC(List.of(TensorNames.WEIGHT_SCALE, TensorNames.WEIGHT_OFFSET)),
  /** {@link #W8A8} and {@link #W8A8_DYNAMIC} in one: prefill and decoding differ. */
  W8A8_MIX(
      List.of(
          TensorNames.INPUT_SCALE,
          TensorNames.INPUT_OFFSET,
          TensorNames.QUANT_BIAS,
          TensorNames.DEQ_SCALE,
          TensorNames.WEIGHT_SCALE,
          TensorNames.WEIGHT_OFFSET)),
  /**
   * Weights of 4 bits with scales in two levels. In a linear layer the activations stay in the
   * model's type, whatever the name says, and the layer's bias is not added.
   */
  W4A8_DYNAMIC(
      List.of(
          TensorNames.WEIGHT_SCALE,
          TensorNames.WEIGHT_OFFSET,
          TensorNames.WEIGHT_SCALE_SECOND,
          TensorNames.WEIGHT_OFFSET_SECOND)),
  /** Weights and activations of 4 bits, one scale per output channel and per token. */
  W4A4_DYNAMIC(List.of(TensorNames.WEIGHT_SCALE, TensorNames.WEIGHT_OFFSET)),
  /** As {@link #W4A4_DYNAMIC}, the input transformed by two Kronecker factors first. */
  W4A4_FLATQUANT_DYNAMIC(
      List.of(
          TensorNames.WEIGHT_SCALE,
          TensorNames.WEIGHT_OFFSET,
          TensorNames.LEFT_TRANS,
          TensorNames.RIGHT_TRANS,
          TensorNames.CLIP_RATIO));

  private final List<String> parameters;

  LinearType(List<String> parameters) {
    this.parameters = parameters;
  }

  /**
   * What follows the module's name in the names of the tensors that are needed beside {@code
   * .weight} and {@code .bias}.
   */
  public List<String> parameters() {
    return parameters;
  }

  /** The type of a word in a description; empty for one that is none of a linear layer's. */
  public static Optional<LinearType> ofWord(String word) {
    return Arrays.stream(values()).filter(type -> type.name().equals(word)).findFirst();
  }

  /** Whether weights have 4 bits. */
  public boolean fourBits() {
    return this == W4A8_DYNAMIC || this == W4A4_DYNAMIC || this == W4A4_FLATQUANT_DYNAMIC;
  }

  /** Whether activations are rounded on a grid that calibration fixed. */
  public boolean staticActivations() {
    return this == W8A8 || this == W8A8_MIX;
  }

  /** Whether loaders round {@code weight_scale} to the model's type. */
  public boolean loadsRoundedScales() {
    return this == W8A8_DYNAMIC || this == W8A16;
  }
}
