package org.bitatlas.quant.allocation;

import java.util.ArrayList;
import java.util.List;
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
 * A way to store embedding and head, with its damage alone.
 *
 * @param scheme of both
 * @param bytes of both; once where they are one table
 * @param damage KL of the logits with all other layers float
 * @param parts the stored tables; empty for float
 */
record TableChoice(
    TableScheme scheme, double bytes, double damage, Optional<QuantizedCheckpoint> parts) {

  static List<TableChoice> measure(
      Source source,
      List<TableScheme> schemes,
      LayerCosts costs,
      CalibrationSet texts,
      int threads,
      Tiles tiles) {
    List<TableChoice> choices = new ArrayList<>();
    for (TableScheme scheme : schemes) {
      Optional<QuantizedCheckpoint> parts =
          scheme.weights().isEmpty()
              ? Optional.empty()
              : Optional.of(
                  QuantizationPipeline.quantize(
                          source, Recipe.tablesOnly(scheme), Optional.empty(), threads, _ -> {})
                      .checkpoint());
      double damage = 0;
      if (parts.isPresent()) {
        try (DivergenceMeter meter = new DivergenceMeter(source, parts, texts, tiles)) {
          damage = DivergenceMeter.mean(meter.measure());
        }
      }
      choices.add(new TableChoice(scheme, costs.ofTables(scheme), damage, parts));
    }
    return choices;
  }
}
