package org.bitatlas.study;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.bitatlas.eval.CollapseRule;
import org.bitatlas.generate.ReferencedLanguageModel;

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
   * @param inputs what its key is made of
   */
  record Cell(PlannedCell planned, Workbench.Task task, SequencedMap<String, String> inputs) {}

  static Grid plan(String name, Workbench.Model model, StudySpec spec) {
    List<StudyTask> columns = spec.tasks();
    List<Workbench.Task> tasks = columns.stream().map(model::prepare).toList();
    SequencedMap<String, String> identity = model.identity();
    SequencedMap<String, String> calibration = model.calibration();
    List<Row> rows = new ArrayList<>();
    for (StudyRecipe recipe : recipes(spec)) {
      if (recipe.endpoint().filter(endpoint -> !endpoint.belongsTo(name)).isPresent()) {
        continue;
      }
      SequencedMap<String, String> own =
          recipe.endpoint().map(model::endpointIdentity).orElse(identity);
      SequencedMap<String, String> options = new LinkedHashMap<>();
      options.put("recipe", recipe.method());
      if (recipe.isAgain()) {
        options.put(StudyRecipe.AGAIN_INPUT, model.againHow());
      }
      recipe.describe().forEach((key, value) -> options.put(StudyRecipe.INPUT_PREFIX + key, value));
      if (recipe.usesCalibration()) {
        options.putAll(calibration);
      }
      String quantizationKey = recipe.recipe().isEmpty() ? "" : key(identity, options, calibration);
      List<Cell> cells = new ArrayList<>();
      for (int i = 0; i < tasks.size(); i++) {
        SequencedMap<String, String> inputs = new LinkedHashMap<>(own);
        inputs.putAll(options);
        inputs.putAll(tasks.get(i).inputs());
        inputs.put("task", columns.get(i).task());
        inputs.put("mode", columns.get(i).mode());
        inputs.put("items", Integer.toString(tasks.get(i).items()));
        if (spec.divergence() && !recipe.isFloat() && tasks.get(i).metric() == Metric.PERPLEXITY) {
          inputs.put("divergence", "to float, " + ReferencedLanguageModel.BEHAVIOUR_VERSION);
        }
        inputs.put("sampling", "greedy");
        inputs.put("collapse", spec.collapse().map(CollapseRule::describe).orElse("never"));
        cells.add(
            new Cell(
                new PlannedCell(
                    RecordKey.of(inputs),
                    name,
                    recipe.label(),
                    recipe.method(),
                    recipe.bits(),
                    columns.get(i).task(),
                    columns.get(i).mode(),
                    tasks.get(i).metric(),
                    tasks.get(i).items(),
                    quantizationKey),
                tasks.get(i),
                inputs));
      }
      rows.add(new Row(recipe, quantizationKey, List.copyOf(cells)));
    }
    return new Grid(name, model, List.copyOf(rows));
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
