package org.bitatlas.quant.pipeline;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.bitatlas.quant.plan.Stage;

/**
 * What was learned while a folder was written.
 *
 * @param layers one report per quantized linear layer, in model order
 * @param notes what a user must know: fallbacks, choices of searches, tied tables
 * @param resumedAt blocks that an earlier run had finished
 * @param stages time of the stages of this run
 * @param stateBytes largest size of the hidden states on disk in this run
 */
public record QuantizationSummary(
    List<LayerReport> layers,
    List<String> notes,
    int resumedAt,
    Map<Stage, Duration> stages,
    long stateBytes) {}
