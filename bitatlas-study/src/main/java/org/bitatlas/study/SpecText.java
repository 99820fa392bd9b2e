package org.bitatlas.study;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.bitatlas.eval.CollapseRule;
import org.bitatlas.model.Execution;
import org.bitatlas.nano.Nano;
import tools.jackson.databind.json.JsonMapper;

/**
 * A specification as one line of JSON, which is YAML, too: {@link StudySpec#parse} reads it again.
 */
final class SpecText {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private SpecText() {}

  /**
   * The specification of one cell alone, by which it can be run again.
   *
   * @param model name of the model
   * @param recipe row of the cell, not an endpoint's
   * @param column task and mode
   * @param decoding how its replies are decoded
   */
  static String ofCell(
      StudySpec spec, String model, StudyRecipe recipe, StudyTask column, Decoding decoding) {
    SequencedMap<String, Object> root = protocol(spec);
    root.put("calibration", calibration(recipe.calibration().orElse(spec.calibration())));
    root.put("models", List.of(model));
    root.put(
        "recipes",
        recipe.isFloat() || recipe.isAgain()
            ? List.of(StudyRecipe.FLOAT_LABEL)
            : List.of(StudyRecipe.FLOAT_LABEL, row(recipe)));
    root.put(
        "tasks",
        column.mode().isEmpty()
            ? List.of(column.task())
            : List.of(Map.of("task", column.task(), "modes", List.of(column.mode()))));
    root.put("decoding", List.of(decoding(decoding)));
    root.put("noise_floor", recipe.isAgain());
    return JSON.writeValueAsString(root);
  }

  /** What a map needs of a specification, without its rows and columns: those are the records'. */
  static String ofMap(StudySpec spec) {
    SequencedMap<String, Object> root = protocol(spec);
    root.put("models", spec.models());
    root.put("recipes", List.of(StudyRecipe.FLOAT_LABEL));
    root.put("tasks", List.of(spec.tasks().getFirst().task()));
    return JSON.writeValueAsString(root);
  }

  private static SequencedMap<String, Object> protocol(StudySpec spec) {
    SequencedMap<String, Object> root = new LinkedHashMap<>();
    root.put("name", spec.name());
    spec.suite().ifPresent(suite -> root.put("suite", suite(suite)));
    root.put("calibration", calibration(spec.calibration()));
    root.put("precision", spec.precision());
    root.put("execution", spec.execution() == Execution.INTEGER ? "integer" : "simulated");
    spec.collapse().ifPresent(rule -> root.put("collapse", collapse(rule)));
    root.put("margin", margin(spec.margin()));
    if (spec.limit().isPresent()) {
      root.put("limit", limit(spec.limit()));
    }
    root.put("divergence", spec.divergence());
    spec.thinkingBudget().ifPresent(budget -> root.put("thinking_budget", budget));
    return root;
  }

  /** A row with a recipe or a checkpoint, in its own arithmetic. */
  private static Map<String, Object> row(StudyRecipe recipe) {
    SequencedMap<String, Object> row =
        recipe.checkpoint().map(SpecText::checkpoint).orElseGet(() -> options(recipe));
    recipe.emulation().ifPresent(machine -> row.put("numerics", machine.numerics()));
    return row;
  }

  private static SequencedMap<String, Object> checkpoint(CheckpointSpec checkpoint) {
    SequencedMap<String, Object> fields = new LinkedHashMap<>();
    fields.put("checkpoint", checkpoint.location());
    fields.put("label", checkpoint.label());
    return fields;
  }

  /** All options as they are recorded; a width is a number there. */
  private static SequencedMap<String, Object> options(StudyRecipe recipe) {
    SequencedMap<String, Object> options = new LinkedHashMap<>(recipe.describe());
    options.put("bits", recipe.bits());
    return options;
  }

  private static Map<String, Object> calibration(CalibrationSpec calibration) {
    SequencedMap<String, Object> fields = new LinkedHashMap<>();
    fields.put("source", calibration.source());
    fields.put("samples", calibration.samples());
    fields.put("length", calibration.length());
    fields.put("seed", calibration.seed());
    calibration.mode().ifPresent(mode -> fields.put("mode", mode.id()));
    calibration.join().ifPresent(join -> fields.put("join", join.id()));
    return fields;
  }

  private static Map<String, Object> collapse(CollapseRule rule) {
    SequencedMap<String, Object> fields = new LinkedHashMap<>();
    fields.put("after_items", rule.afterItems());
    fields.put("at_most", rule.maximumAccuracy());
    fields.put("truncated", rule.minimumTruncatedRate());
    return fields;
  }

  private static Map<String, Object> margin(ComparisonMargin margin) {
    SequencedMap<String, Object> fields = new LinkedHashMap<>();
    fields.put("points", margin.points());
    if (!margin.tasks().isEmpty()) {
      fields.put("tasks", margin.tasks());
    }
    fields.put("pooled", margin.pooled());
    return fields;
  }

  /** Embedded suites have a name, others a place. */
  private static String suite(Path suite) {
    return Nano.areSuites(suite.toString()) ? suite.toString() : suite.toAbsolutePath().toString();
  }

  private static Object limit(ItemLimit limit) {
    if (limit.tasks().isEmpty()) {
      return limit.others().getAsInt();
    }
    SequencedMap<String, Object> fields = new LinkedHashMap<>();
    limit.others().ifPresent(items -> fields.put("others", items));
    fields.put("tasks", limit.tasks());
    return fields;
  }

  private static Object decoding(Decoding decoding) {
    SequencedMap<String, Object> fields = new LinkedHashMap<>();
    switch (decoding) {
      case Decoding.Greedy _ -> fields.put("method", "greedy");
      case Decoding.Sampled sampled -> {
        fields.put("method", "sampled");
        fields.put("temperature", sampled.temperature());
        fields.put("top_p", sampled.topP());
        fields.put("top_k", sampled.topK());
        fields.put("seeds", sampled.seeds());
      }
      case Decoding.Beam beam -> {
        fields.put("method", "beam");
        fields.put("width", beam.width());
        fields.put("length_penalty", beam.lengthPenalty());
      }
    }
    return fields;
  }
}
