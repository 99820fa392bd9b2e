package org.bitatlas.study.diagnosis;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.stream.Stream;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.pipeline.LayerReport;
import org.bitatlas.quant.sensitivity.LayerChoice;
import org.bitatlas.quant.sensitivity.SensitivityTable;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.StudyRecipe;
import org.bitatlas.tensor.BitAtlasException;

/** Damages of single layers that an adaptive recipe left in the study's folder. */
final class StoredDamages {

  private StoredDamages() {}

  /**
   * The damage of each layer as the record's recipe has it, by module: of a table for the same
   * weights and the same rounding. Empty where there is none with all layers.
   */
  static Map<String, Double> find(Path folder, RunRecord record, List<LayerReport> reports) {
    Optional<Recipe> known = recipe(record);
    if (!Files.isDirectory(folder) || reports.isEmpty() || known.isEmpty()) {
      return Map.of();
    }
    Recipe recipe = known.get();
    Map<String, String> rounding = new LinkedHashMap<>(recipe.roundingOnly().describe());
    rounding.remove("bits");
    rounding.remove("group_size");
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(name -> name.toString().endsWith(".json")).sorted().toList()) {
        SensitivityTable table = SensitivityTable.fromJson(Files.readString(file), file.toString());
        if (fits(table.settings(), record, rounding)) {
          Map<String, Double> damages = damages(table, recipe, reports);
          if (damages.size() == reports.size()) {
            return damages;
          }
        }
      }
    } catch (IOException e) {
      throw new BitAtlasException("The folder " + folder + " cannot be read: " + e + ".", e);
    }
    return Map.of();
  }

  /** The recipe of a record, from its inputs; empty for a checkpoint that was read as it is. */
  static Optional<Recipe> recipe(RunRecord record) {
    SequencedMap<String, String> options = new LinkedHashMap<>();
    record
        .inputs()
        .forEach((name, value) -> {
          if (name.startsWith(StudyRecipe.INPUT_PREFIX)) {
            options.put(name.substring(StudyRecipe.INPUT_PREFIX.length()), value);
          }
        });
    return options.containsKey("method") ? Optional.of(Recipe.parse(options)) : Optional.empty();
  }

  private static boolean fits(
      Map<String, String> settings, RunRecord record, Map<String, String> rounding) {
    return settings.getOrDefault("weights", "").equals(record.inputs().get("weights"))
        && rounding.entrySet().stream()
            .allMatch(option ->
                option.getValue().equals(settings.get(StudyRecipe.INPUT_PREFIX + option.getKey())));
  }

  private static Map<String, Double> damages(
      SensitivityTable table, Recipe recipe, List<LayerReport> reports) {
    Map<String, Double> damages = new LinkedHashMap<>();
    for (LayerReport report : reports) {
      LayerChoice choice =
          new LayerChoice(
              report.groupBits().firstEntry().getKey(),
              recipe.weightsOf(report.module()).groupSize());
      table
          .find(report.module(), choice)
          .ifPresent(damage -> damages.put(report.module(), damage.divergence()));
    }
    return damages;
  }
}
