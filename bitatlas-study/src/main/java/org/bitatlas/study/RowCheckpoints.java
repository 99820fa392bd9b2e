package org.bitatlas.study;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.quant.allocation.AdaptiveBits;
import org.bitatlas.quant.allocation.AllocatedBits;
import org.bitatlas.quant.calibration.CalibrationSet;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.pipeline.QuantizationPipeline;
import org.bitatlas.quant.pipeline.QuantizationResult;
import org.bitatlas.quant.sensitivity.SensitivityListener;
import org.bitatlas.scheme.QuantizedCheckpointFolder;
import org.bitatlas.study.target.AllocationTarget;

/**
 * Quantizes a float model for the rows of a study: calibration, bits that adapt, the method, and
 * the folder where a study keeps its checkpoints.
 */
final class RowCheckpoints {
  private final EngineModel.Setting setting;
  private final ModelFolder opened;
  private final Function<CalibrationSpec, CalibrationSet> texts;
  private final Map<CalibrationSpec, CalibrationSet> calibrations = new LinkedHashMap<>();
  private Optional<Made> last = Optional.empty();

  /** A checkpoint and what it was made by. */
  private record Made(Recipe recipe, CalibrationSpec calibration, QuantizationResult result) {}

  /**
   * Makes nothing yet.
   *
   * @param opened the float model, which stays open as long as this is used
   * @param texts makes the calibration set of a specification
   */
  RowCheckpoints(
      EngineModel.Setting setting,
      ModelFolder opened,
      Function<CalibrationSpec, CalibrationSet> texts) {
    this.setting = setting;
    this.opened = opened;
    this.texts = texts;
  }

  private CalibrationSpec wanted(StudyRecipe row) {
    return row.calibration().orElse(setting.spec().calibration());
  }

  private CalibrationSet set(CalibrationSpec wanted) {
    return calibrations.computeIfAbsent(wanted, texts);
  }

  /** A row's checkpoint; the last one stays where a study runs it in several arithmetics. */
  QuantizationResult quantized(StudyRecipe row) {
    Recipe recipe = row.recipe().orElseThrow();
    CalibrationSpec calibration = wanted(row);
    Optional<QuantizationResult> known =
        last.filter(made -> made.recipe().equals(recipe) && made.calibration().equals(calibration))
            .map(Made::result);
    if (known.isPresent()) {
      return known.get();
    }
    last = Optional.empty();
    QuantizationResult result = quantizeNow(recipe, set(calibration));
    keep(row, result);
    if (setting.spec().recipes().stream().anyMatch(other -> other.emulation().isPresent())) {
      last = Optional.of(new Made(recipe, calibration, result));
    }
    return result;
  }

  private QuantizationResult quantizeNow(Recipe recipe, CalibrationSet calibration) {
    AllocatedBits bits = resolved(recipe, calibration);
    QuantizationResult result = carriedOut(bits.recipe(), calibration);
    List<String> notes = new ArrayList<>(bits.notes());
    notes.addAll(result.notes());
    return new QuantizationResult(result.checkpoint(), result.layers(), notes);
  }

  /** A recipe whose bits, where they adapt, are found. */
  AllocatedBits resolved(Recipe recipe, CalibrationSet calibration) {
    return AdaptiveBits.resolve(
        source(),
        recipe,
        calibration,
        new AdaptiveBits.Options(
            Optional.of(setting.options().out().resolve("sensitivity")),
            AllocationTarget.ways(recipe, opened.architecture()),
            setting.options().threads(),
            SensitivityListener.NONE));
  }

  /** A recipe with known bits, carried out. */
  QuantizationResult carriedOut(Recipe recipe, CalibrationSet calibration) {
    return QuantizationPipeline.quantize(
        source(), recipe, Optional.of(calibration), setting.options().threads(), _ -> {});
  }

  /** The float model as methods take it. */
  QuantizationPipeline.Source source() {
    return new QuantizationPipeline.Source(
        setting.name(), opened.architecture(), opened.checkpoint());
  }

  /** What a row's method is calibrated on. */
  CalibrationSet calibration(StudyRecipe row) {
    return set(wanted(row));
  }

  private void keep(StudyRecipe row, QuantizationResult result) {
    switch (setting.spec().keep()) {
      case NONE -> {}
      case ALL -> {
        Path target = setting.options().out().resolve("checkpoints").resolve(folder(row));
        QuantizedCheckpointFolder.write(
            result.checkpoint(), opened.checkpoint(), opened.folder(), target);
      }
    }
  }

  private String folder(StudyRecipe row) {
    String recipe = row.recipe().orElseThrow().label();
    String own =
        row.calibration().map(spec -> " " + spec.label(setting.spec().calibration())).orElse("");
    return (recipe + own).replaceAll("[^A-Za-z0-9.-]+", "-");
  }
}
