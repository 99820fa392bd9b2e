package org.bitatlas.quant.pipeline;

/**
 * How far a quantization is.
 *
 * @param finished linear layers done
 * @param total linear layers of the model that are quantized
 * @param layer the layer just done
 */
public record QuantizationProgress(int finished, int total, LayerReport layer) {

  /** The layer just done, for example {@code model.layers.0.self_attn.q_proj}. */
  public String module() {
    return layer.module();
  }
}
