package org.bitatlas.quant.sensitivity;

/**
 * What one linear layer does to the predictions when it alone is quantized.
 *
 * @param module name of the layer
 * @param choice its bits and group size
 * @param divergence mean of KL(float || model) of the next-token predictions, nats per token
 * @param standardError of that mean, over sequences
 */
public record LayerDamage(
    String module, LayerChoice choice, double divergence, double standardError) {

  /**
   * From the means of the sequences.
   *
   * @param means mean KL of each sequence
   */
  static LayerDamage of(String module, LayerChoice choice, double[] means) {
    return new LayerDamage(
        module, choice, DivergenceMeter.mean(means), DivergenceMeter.standardError(means));
  }
}
