package org.bitatlas.quant.allocation;

import java.util.Optional;
import org.bitatlas.quant.calibration.CalibrationSet;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.TableScheme;
import org.bitatlas.quant.pipeline.QuantizationPipeline;
import org.bitatlas.quant.pipeline.QuantizationPipeline.Source;
import org.bitatlas.quant.rounding.Tiles;
import org.bitatlas.quant.sensitivity.DivergenceMeter;
import org.bitatlas.scheme.QuantizedCheckpoint;

/**
 * What a way to store embedding and head does.
 *
 * @param damage KL of the logits with all other layers float
 * @param parts the stored tables; empty for float
 */
record TableChoice(double damage, Optional<QuantizedCheckpoint> parts) {

  /** Nothing is chosen: they are as they are in every allocation. */
  static final TableChoice UNCHANGED = new TableChoice(0, Optional.empty());

  /** Measures a scheme of both tables. */
  static TableChoice measure(
      Source source, TableScheme scheme, CalibrationSet texts, int threads, Tiles tiles) {
    if (scheme.weights().isEmpty()) {
      return UNCHANGED;
    }
    QuantizedCheckpoint parts =
        QuantizationPipeline.quantize(
                source, Recipe.tablesOnly(scheme), Optional.empty(), threads, _ -> {})
            .checkpoint();
    try (DivergenceMeter meter = new DivergenceMeter(source, Optional.of(parts), texts, tiles)) {
      return new TableChoice(DivergenceMeter.mean(meter.measure()), Optional.of(parts));
    }
  }
}
