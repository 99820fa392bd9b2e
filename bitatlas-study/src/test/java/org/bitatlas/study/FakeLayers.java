package org.bitatlas.study;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.pipeline.Clipping;
import org.bitatlas.quant.pipeline.LayerReport;

/** Reports of six blocks that were never quantized; block 5 is the one with trouble. */
public final class FakeLayers {
  private FakeLayers() {}

  /** One report per linear layer. */
  public static List<LayerReport> of(Recipe recipe) {
    List<LayerReport> reports = new ArrayList<>();
    SplittableRandom random = new SplittableRandom(recipe.bits());
    double scale = Math.pow(4, 4 - recipe.bits()) * 0.02;
    double gain = recipe.needsCalibration() ? 0.4 : 1;
    for (int layer = 0; layer < 6; layer++) {
      for (Projection projection : Projection.values()) {
        double error = scale * gain * (0.3 + random.nextDouble());
        boolean trouble = layer == 5 && projection == Projection.DOWN && recipe.bits() == 2;
        reports.add(
            new LayerReport(
                layer,
                projection,
                error * 1.3,
                Optional.of(error),
                Optional.of(
                    new LayerReport.Inputs(
                        1000,
                        -3 * (layer + random.nextDouble()),
                        4 * (layer + random.nextDouble()),
                        5 + 30 * random.nextDouble(),
                        3 + 100 * random.nextDouble() * layer,
                        2 + random.nextDouble(),
                        trouble ? 2.5 : 0.3 * random.nextDouble(),
                        trouble ? 3 : 0,
                        trouble ? 1 : 0)),
                Optional.of(0.01 + 0.3 * random.nextDouble()),
                new Clipping(0.1 * random.nextDouble(), 0),
                recipe.needsCalibration() ? Optional.of(trouble ? 1.0 : 0.01) : Optional.empty(),
                trouble && recipe.needsCalibration()
                    ? Optional.of("rounded to nearest, because " + FakeWorkbench.HOSTILE)
                    : Optional.empty(),
                new TreeMap<>(Map.of(recipe.bits(), 1)),
                recipe.bits() + 0.1));
      }
    }
    return reports;
  }
}
