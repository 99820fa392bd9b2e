package org.bitatlas.study;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.Stream;
import org.bitatlas.eval.endpoint.EndpointAddress;
import org.bitatlas.model.Execution;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.tensor.BitAtlasException;

/**
 * Reads the key {@code recipes} of a study: the rows of its map. An entry of several bits, budgets
 * or arithmetics becomes a row each.
 */
final class RecipeRows {
  private static final String METHODS =
      "float, or a mapping with method: rtn or method: gptq, with checkpoint, or with endpoint";
  private static final String NUMERICS = "numerics";
  private static final String CHECKPOINT = "checkpoint";
  private static final String ADAPTIVE = "adaptive";

  private final Path folder;
  private final YamlFields root;
  private final CalibrationSpec study;

  /**
   * The rows of a study.
   *
   * @param folder of the study's file, from where checkpoints are seen
   * @param root all keys of the file
   * @param study the study's own calibration
   */
  RecipeRows(Path folder, YamlFields root, CalibrationSpec study) {
    this.folder = folder;
    this.root = root;
    this.study = study;
  }

  /** The rows, the float model first. */
  List<StudyRecipe> read() {
    List<Listed> listed =
        root.entries(
            "recipes",
            METHODS,
            name -> {
              if (!name.equals(StudyRecipe.FLOAT_LABEL)) {
                throw root.wrong("recipes", "names '" + name + "'", METHODS);
              }
              return List.of(Listed.FLOAT);
            },
            fields -> expand(fields, numerics(root, List.of(Optional.empty()))));
    // The same recipe on another calibration has the same name, and the calibration behind it.
    List<Recipe> recipes =
        listed.stream().flatMap(row -> row.recipe().stream()).distinct().toList();
    List<StudyRecipe> rows = new ArrayList<>();
    rows.add(StudyRecipe.floatModel());
    for (StudyRecipe row : listed.stream().flatMap(entry -> entry.rows(recipes, study)).toList()) {
      if (rows.stream().anyMatch(other -> other.label().equals(row.label()))) {
        throw root.wrong("recipes", "lists '" + row.label() + "' twice", "each recipe once");
      }
      rows.add(row);
    }
    for (EndpointSpec endpoint : listed.stream().flatMap(e -> e.endpoint().stream()).toList()) {
      StudyRecipe row = StudyRecipe.of(endpoint);
      if (rows.stream().anyMatch(other -> other.label().equals(row.label()))) {
        throw root.wrong("recipes", "lists '" + row.label() + "' twice", "each label once");
      }
      rows.add(row);
    }
    return List.copyOf(rows);
  }

  /**
   * An entry of the recipes: float where all are empty.
   *
   * @param numerics in which recipe or checkpoint are run: empty ones are the study's own
   * @param calibration of a recipe in place of the study's
   */
  private record Listed(
      Optional<Recipe> recipe,
      Optional<CheckpointSpec> checkpoint,
      Optional<EndpointSpec> endpoint,
      List<Optional<Execution>> numerics,
      Optional<CalibrationSpec> calibration) {

    static final Listed FLOAT =
        new Listed(
            Optional.empty(), Optional.empty(), Optional.empty(), List.of(), Optional.empty());

    static Listed of(EndpointSpec endpoint) {
      return new Listed(
          Optional.empty(), Optional.empty(), Optional.of(endpoint), List.of(), Optional.empty());
    }

    static Listed of(CheckpointSpec checkpoint, List<Optional<Execution>> numerics) {
      return new Listed(
          Optional.empty(), Optional.of(checkpoint), Optional.empty(), numerics, Optional.empty());
    }

    /**
     * The rows of a recipe or checkpoint, one per arithmetic; recipes are named so that they differ
     * from others.
     */
    Stream<StudyRecipe> rows(List<Recipe> recipes, CalibrationSpec study) {
      return recipe
          .map(own -> named(own, recipes, study))
          .or(() -> checkpoint.map(StudyRecipe::of))
          .stream()
          .flatMap(
              row -> numerics.stream().map(machine -> machine.map(row::emulating).orElse(row)));
    }

    private StudyRecipe named(Recipe own, List<Recipe> recipes, CalibrationSpec study) {
      String brief = own.brief();
      boolean unique = recipes.stream().filter(other -> other.brief().equals(brief)).count() == 1;
      StudyRecipe plain = StudyRecipe.of(unique ? brief : own.label(), own);
      return calibration.map(texts -> plain.calibratedOn(texts, study)).orElse(plain);
    }
  }

  /** The key {@code numerics}: whose arithmetic recipes are run in. */
  private static List<Optional<Execution>> numerics(
      YamlFields fields, List<Optional<Execution>> fallback) {
    if (!fields.has(NUMERICS)) {
      return fallback;
    }
    try {
      return fields.texts(NUMERICS).stream().map(Execution::ofNumerics).distinct().toList();
    } catch (BitAtlasException e) {
      throw fields.because(e);
    }
  }

  /** A checkpoint: a path seen from the file's folder where there is one, else as it is. */
  private CheckpointSpec checkpoint(YamlFields fields) {
    fields.only(Set.of(CHECKPOINT, "label", "of", NUMERICS));
    String given = fields.text(CHECKPOINT);
    Path beside = folder.resolve(given).normalize();
    return new CheckpointSpec(
        Files.exists(beside) ? beside.toString() : given,
        fields.text("label", given.substring(given.lastIndexOf('/', given.length() - 2) + 1)),
        fields.has("of") ? Optional.of(fields.text("of")) : Optional.empty());
  }

  private static EndpointSpec endpoint(YamlFields fields) {
    fields.only(Set.of("url", "label", "platform", "model", "of", "concurrency", "timeout"));
    try {
      return new EndpointSpec(
          fields.text("label"),
          fields.text("platform"),
          EndpointAddress.parse(fields.text("url")),
          fields.has("model") ? Optional.of(fields.text("model")) : Optional.empty(),
          fields.has("of") ? Optional.of(fields.text("of")) : Optional.empty(),
          fields.integer("concurrency", EndpointSpec.CONCURRENCY, 1, EndpointSpec.MOST_CONCURRENCY),
          Duration.ofSeconds(fields.integer("timeout", EndpointSpec.TIMEOUT, 1, 86_400)));
    } catch (BitAtlasException e) {
      throw fields.because(e);
    }
  }

  /**
   * One recipe per entry of {@code bits}, or of {@code budget} where they adapt; {@link
   * Recipe#parse} knows the others.
   */
  private List<Listed> expand(YamlFields fields, List<Optional<Execution>> numericsOfStudy) {
    if (fields.has("endpoint")) {
      return List.of(Listed.of(endpoint(fields.only(Set.of("endpoint")).child("endpoint"))));
    }
    if (fields.has(CHECKPOINT)) {
      return List.of(Listed.of(checkpoint(fields), numerics(fields, numericsOfStudy)));
    }
    CalibrationSpec calibration = CalibrationReader.read(fields, study);
    List<Listed> recipes = new ArrayList<>();
    for (SequencedMap<String, String> options : widths(fields)) {
      Recipe recipe;
      try {
        recipe = Recipe.parse(options);
      } catch (BitAtlasException e) {
        throw fields.because(e);
      }
      if (fields.has(CalibrationReader.KEY) && !recipe.needsCalibration()) {
        throw fields.wrong(
            CalibrationReader.KEY,
            "is given for " + recipe.brief(),
            "none, as it is not calibrated");
      }
      recipes.add(
          new Listed(
              Optional.of(recipe),
              Optional.empty(),
              Optional.empty(),
              numerics(fields, numericsOfStudy),
              Optional.of(calibration).filter(own -> !own.equals(study))));
    }
    return recipes;
  }

  /** The options with one of the bits each, or with one of the budgets of adaptive bits. */
  private static List<SequencedMap<String, String>> widths(YamlFields fields) {
    boolean adaptive = fields.isText("bits", ADAPTIVE);
    String option = adaptive ? "budget" : "bits";
    List<String> values =
        adaptive
            ? fields.scalarTexts(option)
            : fields.integers(option, 1, 8).stream().map(String::valueOf).toList();
    List<SequencedMap<String, String>> widths = new ArrayList<>();
    for (String value : values) {
      SequencedMap<String, String> options =
          fields.scalars(Set.of(option, NUMERICS, CalibrationReader.KEY));
      options.put(option, value);
      widths.add(options);
    }
    return widths;
  }
}
