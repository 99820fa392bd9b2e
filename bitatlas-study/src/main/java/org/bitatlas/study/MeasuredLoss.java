package org.bitatlas.study;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.bitatlas.eval.CellState;
import org.bitatlas.scheme.Provenance;
import org.bitatlas.tensor.BitAtlasException;

/**
 * What a study measured of a quantized checkpoint: its records of the same weights, the same recipe
 * and, where the recipe is calibrated, the same calibration texts, beside those of the float model.
 */
public final class MeasuredLoss {

  private static final String CALIBRATION = "calibration";

  private MeasuredLoss() {}

  /**
   * One sentence per task.
   *
   * @param folder the study's folder
   * @param provenance of the checkpoint
   * @throws BitAtlasException when the folder has no records, or none of this checkpoint
   */
  public static List<String> of(Path folder, Provenance provenance) {
    if (!Files.isRegularFile(folder.resolve(RunStore.FILE))) {
      throw new BitAtlasException(
          "The folder %s has no records of a study; give the --out of one.".formatted(folder));
    }
    try (RunStore store = RunStore.open(folder)) {
      List<RunRecord> measured =
          store.records().stream()
              .filter(record -> record.state() == CellState.OK)
              .filter(
                  record -> provenance.baseWeightsDigest().equals(record.inputs().get("weights")))
              .toList();
      List<String> sentences = new ArrayList<>();
      for (RunRecord record : measured) {
        if (recipe(record).equals(provenance.recipe()) && isCalibratedAs(record, provenance)) {
          sentences.add(sentence(record, floatRecord(record, measured)));
        }
      }
      if (sentences.isEmpty()) {
        throw new BitAtlasException(
            "The study in %s has no record of these weights under this recipe and calibration; run it with the recipe as a row."
                .formatted(folder));
      }
      return sentences;
    }
  }

  /** Whether the calibration set is the same; a record of a recipe that uses none names none. */
  private static boolean isCalibratedAs(RunRecord record, Provenance provenance) {
    String digest = record.inputs().get(CALIBRATION);
    return digest == null || digest.equals(provenance.calibration().get("digest"));
  }

  private static Map<String, String> recipe(RunRecord record) {
    Map<String, String> options = new LinkedHashMap<>();
    record
        .inputs()
        .forEach((name, value) -> {
          if (name.startsWith(StudyRecipe.INPUT_PREFIX)) {
            options.put(name.substring(StudyRecipe.INPUT_PREFIX.length()), value);
          }
        });
    return options;
  }

  private static Optional<RunRecord> floatRecord(RunRecord record, List<RunRecord> records) {
    return records.stream()
        .filter(other -> other.recipe().equals(StudyRecipe.FLOAT_LABEL))
        .filter(other -> other.column().equals(record.column()))
        .filter(other -> other.items() == record.items())
        .findFirst();
  }

  private static String sentence(RunRecord record, Optional<RunRecord> floats) {
    return "%s%s: %s%s, on %d items; %s"
        .formatted(
            record.task(),
            record.mode().isEmpty() ? "" : " (" + record.mode() + ")",
            figure(record),
            floats.map(other -> ", float " + value(other)).orElse(""),
            record.items(),
            record.execution());
  }

  private static String figure(RunRecord record) {
    return switch (record.metric()) {
      case ACCURACY -> "accuracy " + value(record);
      case PERPLEXITY -> "perplexity " + value(record);
      case SPEED -> "tokens per second " + value(record);
    };
  }

  private static String value(RunRecord record) {
    return record.metric() == Metric.ACCURACY
        ? String.format(Locale.ROOT, "%.1f %%", 100 * record.primary())
        : String.format(Locale.ROOT, "%.3f", record.primary());
  }
}
