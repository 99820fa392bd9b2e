package org.bitatlas.cli;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.quant.calibration.CalibrationSet;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.pipeline.QuantizationSummary;
import org.bitatlas.quant.plan.Calibration;
import org.bitatlas.quant.plan.CostModel;
import org.bitatlas.quant.plan.KernelBenchmark;
import org.bitatlas.quant.plan.KernelRates;
import org.bitatlas.quant.plan.Plan;
import org.bitatlas.study.bench.ProcessMemory;

/**
 * What a job was predicted to cost, to be compared with what it did cost. Small models are not
 * worth the seconds that measuring the machine takes.
 */
record PlannedCost(Plan plan) {

  private static final long SMALL = 20_000_000;
  private static final int LENGTH_WITHOUT_CALIBRATION = 512;

  static Optional<PlannedCost> of(
      ModelFolder model, Recipe recipe, Optional<CalibrationSet> set, int threads, Path scratch) {
    Architecture architecture = model.architecture();
    if (weights(architecture) < SMALL) {
      return Optional.empty();
    }
    int length = set.map(CalibrationSet::length).orElse(LENGTH_WITHOUT_CALIBRATION);
    KernelRates rates = KernelBenchmark.measure(architecture, length, threads, scratch);
    int storedBytes = model.checkpoint().get("model.embed_tokens.weight").type().bits() / Byte.SIZE;
    return Optional.of(
        new PlannedCost(
            CostModel.predict(
                architecture,
                storedBytes,
                recipe,
                set.map(s -> new Calibration(s.sequences().size(), s.length())),
                rates)));
  }

  private static long weights(Architecture architecture) {
    long weights = 0;
    for (Projection projection : Projection.values()) {
      weights +=
          (long) architecture.outputFeatures(projection) * architecture.inputFeatures(projection);
    }
    return weights * architecture.layers();
  }

  /** Prediction against what was measured, line by line. */
  List<String> compare(Duration time, QuantizationSummary done, long outputBytes) {
    // 0 where the system does not tell.
    long peak = ProcessMemory.peak().orElse(0);
    return plan.compare(new Plan.Actual(time, done.stages(), peak, done.stateBytes(), outputBytes));
  }
}
