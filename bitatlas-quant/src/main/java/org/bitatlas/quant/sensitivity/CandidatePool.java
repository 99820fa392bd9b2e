package org.bitatlas.quant.sensitivity;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.quant.calibration.CalibrationSet;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.pipeline.QuantizationPipeline;
import org.bitatlas.quant.pipeline.QuantizationPipeline.Source;
import org.bitatlas.scheme.QuantizedCheckpoint;

/**
 * The whole model under a recipe at each choice: layers to be put in place of others. A choice is
 * quantized when it is first asked for.
 */
public final class CandidatePool {

  private final Source source;
  private final Recipe recipe;
  private final CalibrationSet calibration;
  private final int threads;
  private final Map<LayerChoice, QuantizedCheckpoint> quantized = new LinkedHashMap<>();

  /**
   * Nothing is quantized yet.
   *
   * @param recipe without a transform
   */
  public CandidatePool(Source source, Recipe recipe, CalibrationSet calibration, int threads) {
    this.source = source;
    this.recipe = recipe;
    this.calibration = calibration;
    this.threads = threads;
  }

  /** Puts the weights of a slot under a choice in place. */
  public void put(LayerSlot slot, LayerChoice choice, DivergenceMeter meter) {
    for (Projection projection : slot.projections()) {
      meter.set(slot.layer(), projection, weight(projection.module(slot.layer()), choice));
    }
  }

  /** The dequantized weight W [N x K] of a layer under a choice, row-major. */
  public float[] weight(String module, LayerChoice choice) {
    QuantizedCheckpoint checkpoint =
        quantized.computeIfAbsent(
            choice,
            wanted ->
                QuantizationPipeline.quantize(
                        source, wanted.on(recipe), Optional.of(calibration), threads, _ -> {})
                    .checkpoint());
    return Objects.requireNonNull(checkpoint.linears().get(module), module).dequantize();
  }
}
