package org.bitatlas.quant.pipeline;

import java.util.List;

/**
 * What was learned while a folder was written.
 *
 * @param layers one report per quantized linear layer, in model order
 * @param notes what a user must know: fallbacks, choices of searches, tied tables
 * @param resumedAt blocks that an earlier run had finished
 */
public record QuantizationSummary(List<LayerReport> layers, List<String> notes, int resumedAt) {}
