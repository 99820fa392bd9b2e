package org.bitatlas.quant.pipeline;

/**
 * How far a quantization is.
 *
 * @param finished linear layers done
 * @param total linear layers of the model
 * @param module the layer just done, for example {@code model.layers.0.self_attn.q_proj}
 */
public record QuantizationProgress(int finished, int total, String module) {}
