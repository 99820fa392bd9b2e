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
    double mean = DivergenceMeter.mean(means);
    double squares = 0;
    for (double value : means) {
      squares += (value - mean) * (value - mean);
    }
    int n = means.length;
    double error = n < 2 ? 0 : Math.sqrt(squares / (n - 1) / n);
    return new LayerDamage(module, choice, mean, error);
  }
}
