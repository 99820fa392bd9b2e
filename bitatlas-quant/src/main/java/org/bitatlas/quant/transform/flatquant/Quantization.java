package org.bitatlas.quant.transform.flatquant;

import org.bitatlas.quant.method.ActivationPolicy;
import org.bitatlas.quant.method.FlatForm;
import org.bitatlas.tensor.BitAtlasException;

/**
 * The grids that training rounds to and what it learns for inputs.
 *
 * @param weightBits symmetric, one scale per row, 2 to 8
 * @param inputBits inputs of the linear layers, per token, or 16
 * @param symmetricInputs whether their grid is symmetric
 * @param keyBits cached keys, asymmetric, per token and head, or 16
 * @param valueBits cached values, likewise
 * @param form clipping of inputs, transforms and their type
 */
record Quantization(
    int weightBits,
    int inputBits,
    boolean symmetricInputs,
    int keyBits,
    int valueBits,
    FlatForm form) {

  /**
   * From a recipe's bits.
   *
   * @throws BitAtlasException when the method is not defined for them
   */
  static Quantization of(int weightBits, ActivationPolicy activations, FlatForm form) {
    if (weightBits < 2) {
      throw new BitAtlasException(
          "FlatQuant trains through a symmetric grid, which has no steps at "
              + weightBits
              + " bit; give 2 to 8 bits for the weights.");
    }
    boolean learnable =
        activations.granularity() == ActivationPolicy.Granularity.DYNAMIC_TOKEN
            && activations.clip() == 1
            && activations.outputBits() == ActivationPolicy.FLOAT_BITS;
    if (!learnable) {
      throw new BitAtlasException(
          "FlatQuant learns the ranges of activations per token: leave granularity, clip and output"
              + " bits at their defaults.");
    }
    return new Quantization(
        weightBits,
        activations.bits(),
        activations.symmetric(),
        activations.keyBits(),
        activations.valueBits(),
        form);
  }

  boolean roundsInputs() {
    return inputBits != ActivationPolicy.FLOAT_BITS;
  }

  /** Whether ranges of inputs have one clipping factor, shared by the layers of an input. */
  boolean tiedClips() {
    return form.clip() == FlatForm.Clip.TIED;
  }

  /** Whether o's input is transformed by mixing heads. */
  boolean mixesHeads() {
    return form.output() == FlatForm.Output.HEADS;
  }

  boolean roundsKeys() {
    return keyBits != ActivationPolicy.FLOAT_BITS;
  }

  boolean roundsValues() {
    return valueBits != ActivationPolicy.FLOAT_BITS;
  }
}
