package org.bitatlas.study;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.bitatlas.eval.CollapseRule;
import org.bitatlas.generate.ReferencedLanguageModel;
import org.bitatlas.kernel.AscendLinears;
import org.bitatlas.model.Execution;
import org.bitatlas.model.Precision;

/**
 * The rows and cells of one model of a study, with the keys of their records.
 *
 * @param name name of the model in the specification
 * @param model the opened model
 * @param rows the float model, then the recipes in the order of the specification
 */
record Grid(String name, Workbench.Model model, List<Row> rows) {

  /**
   * One recipe.
   *
   * @param recipe the recipe
   * @param quantizationKey key of its layer errors; empty for the float model
   * @param cells one per task
   */
  record Row(StudyRecipe recipe, String quantizationKey, List<Cell> cells) {}

  /**
   * One cell.
   *
   * @param planned the cell as the store's plan holds it
   * @param task the task, ready to be asked
   * @param decoding how its replies are decoded
   * @param inputs what its key is made of
   * @param study the specification of this cell alone, as text; empty for an endpoint's
   */
  record Cell(
      PlannedCell planned,
      Workbench.Task task,
      Decoding decoding,
      SequencedMap<String, String> inputs,
      String study) {}

  /** A column: a task with its decoding. */
  private record Column(StudyTask name, Workbench.Task task, Decoding decoding) {}

  static Grid plan(String name, Workbench.Model model, StudySpec spec) {
    List<Column> columns = columns(model, spec);
    SequencedMap<String, String> identity = model.identity();
    List<Row> rows = new ArrayList<>();
    for (StudyRecipe named : recipes(spec)) {
      if (!named.belongsTo(name)) {
        continue;
      }
      StudyRecipe recipe =
          named.checkpoint().map(model::checkpointFacts).map(named::opened).orElse(named);
      SequencedMap<String, String> own =
          recipe
              .endpoint()
              .map(model::endpointIdentity)
              .orElseGet(() ->
                  recipe.emulation().map(machine -> emulated(identity, machine)).orElse(identity));
      SequencedMap<String, String> options = new LinkedHashMap<>();
      options.put("recipe", recipe.method());
      if (recipe.isAgain()) {
        options.put(StudyRecipe.AGAIN_INPUT, model.againHow());
      }
      recipe.facts().ifPresent(facts -> options.putAll(facts.identity()));
      recipe.describe().forEach((key, value) -> options.put(StudyRecipe.INPUT_PREFIX + key, value));
      if (recipe.isAdaptive()) {
        options.putAll(model.allocation(recipe.recipe().orElseThrow()));
      }
      SequencedMap<String, String> calibration = model.calibration(recipe);
      if (recipe.usesCalibration()) {
        options.putAll(calibration);
      }
      String quantizationKey = recipe.recipe().isEmpty() ? "" : key(identity, options, calibration);
      List<Cell> cells = new ArrayList<>();
      for (Column column : columns) {
        Workbench.Task task = column.task();
        SequencedMap<String, String> inputs = new LinkedHashMap<>(own);
        inputs.putAll(options);
        inputs.putAll(task.inputs());
        inputs.put("task", column.name().task());
        inputs.put("mode", column.name().mode());
        inputs.put("items", Integer.toString(task.items()));
        if (spec.divergence()
            && !recipe.isFloat()
            && recipe.endpoint().isEmpty()
            && task.metric() == Metric.PERPLEXITY) {
          inputs.put("divergence", "to float, " + ReferencedLanguageModel.BEHAVIOUR_VERSION);
        }
        if (spec.thinkingBudget().isPresent() && task.generates()) {
          inputs.put("thinking_budget", Integer.toString(spec.thinkingBudget().getAsInt()));
        }
        inputs.put("sampling", column.decoding().describe());
        inputs.put("collapse", spec.collapse().map(CollapseRule::describe).orElse("never"));
        cells.add(
            new Cell(
                new PlannedCell(
                    RecordKey.of(inputs),
                    name,
                    recipe.label(),
                    recipe.method(),
                    recipe.bits(),
                    column.name().task(),
                    column.name().mode(),
                    task.metric(),
                    task.items() * column.decoding().runs().size(),
                    quantizationKey,
                    column.name().decoding()),
                task,
                column.decoding(),
                inputs,
                recipe.endpoint().isPresent()
                    ? ""
                    : SpecText.ofCell(spec, name, recipe, column.name(), column.decoding())));
      }
      rows.add(new Row(recipe, quantizationKey, List.copyOf(cells)));
    }
    return new Grid(name, model, List.copyOf(rows));
  }

  /** What identifies a model whose layers compute as another machine does. */
  private static SequencedMap<String, String> emulated(
      SequencedMap<String, String> identity, Execution machine) {
    SequencedMap<String, String> emulated = new LinkedHashMap<>(identity);
    emulated.put("precision", Precision.BF16.toString());
    emulated.put("kernels", machine.label());
    emulated.put("numerics", machine.numerics());
    emulated.put("version.numerics", Integer.toString(AscendLinears.BEHAVIOUR_VERSION));
    return emulated;
  }

  /** Tasks without replies have one column whatever the decodings. */
  private static List<Column> columns(Workbench.Model model, StudySpec spec) {
    List<Column> columns = new ArrayList<>();
    for (StudyTask name : spec.tasks()) {
      Workbench.Task task = model.prepare(name);
      if (!task.generates()) {
        columns.add(new Column(name, task, new Decoding.Greedy()));
        continue;
      }
      for (Decoding decoding : spec.decodings()) {
        columns.add(
            new Column(new StudyTask(name.task(), name.mode(), decoding.label()), task, decoding));
      }
    }
    return columns;
  }

  /** The float model, the same again where the study measures its noise, the recipes. */
  private static List<StudyRecipe> recipes(StudySpec spec) {
    List<StudyRecipe> recipes = new ArrayList<>(spec.recipes());
    if (spec.noiseFloor()) {
      recipes.add(1, StudyRecipe.floatAgain());
    }
    return recipes;
  }

  /**
   * Layer errors are measured on the calibration set, so it is part of their key for any method.
   */
  private static String key(
      SequencedMap<String, String> identity,
      SequencedMap<String, String> options,
      SequencedMap<String, String> calibration) {
    SequencedMap<String, String> inputs = new LinkedHashMap<>(identity);
    inputs.putAll(options);
    inputs.putAll(calibration);
    return RecordKey.of(inputs);
  }
}
