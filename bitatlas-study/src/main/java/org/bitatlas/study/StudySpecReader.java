package org.bitatlas.study;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.bitatlas.eval.CollapseRule;
import org.bitatlas.eval.endpoint.EndpointAddress;
import org.bitatlas.model.Execution;
import org.bitatlas.nano.Nano;
import org.bitatlas.quant.calibration.Joining;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.ThinkingMode;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** Reads a {@link StudySpec} from YAML. */
final class StudySpecReader {
  private static final String DEFAULT = "default-study.yaml";
  private static final String METHODS =
      "float, or a mapping with method: rtn or method: gptq, with checkpoint, or with endpoint";
  private static final String NUMERICS = "numerics";
  private static final String CHECKPOINT = "checkpoint";
  private static final String ADAPTIVE = "adaptive";
  private static final String CALIBRATION = "calibration";
  private static final CalibrationSpec CALIBRATION_DEFAULTS =
      new CalibrationSpec("nano", 128, 256, 0);
  private static final Set<String> MODES =
      new LinkedHashSet<>(List.of("slow_think", "no_think", "auto_think"));
  private static final Set<String> KEYS =
      Set.of(
          "name",
          "models",
          "recipes",
          "tasks",
          "suite",
          CALIBRATION,
          "precision",
          "execution",
          "numerics",
          "decoding",
          "collapse",
          "margin",
          "noise_floor",
          "divergence",
          "thinking_budget",
          "speed",
          "limit",
          "keep");

  private final Path folder;

  private StudySpecReader(Path folder) {
    this.folder = folder;
  }

  static StudySpec read(Path file) {
    String text;
    try {
      text = Files.readString(file);
    } catch (IOException e) {
      throw new BitAtlasException(
          "The study specification " + file + " cannot be read: " + e + "; give a YAML file.", e);
    }
    Path folder = Objects.requireNonNullElse(file.toAbsolutePath().getParent(), file);
    return new StudySpecReader(folder).parse(file.toString(), text);
  }

  static StudySpec read(String source, String text) {
    return new StudySpecReader(Path.of("").toAbsolutePath()).parse(source, text);
  }

  static StudySpec readDefault() {
    try (InputStream in = StudySpecReader.class.getResourceAsStream(DEFAULT)) {
      if (in == null) {
        throw new BitAtlasException(
            "The resource " + DEFAULT + " is missing from this program's files; build it again.");
      }
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return new StudySpecReader(Path.of("").toAbsolutePath()).parse(DEFAULT, text);
    } catch (IOException e) {
      throw new BitAtlasException("The resource " + DEFAULT + " cannot be read: " + e + ".", e);
    }
  }

  /** The name of embedded suites, or a folder seen from the file's. */
  private Path suite(String named) {
    return Nano.areSuites(named) ? Path.of(named) : folder.resolve(named);
  }

  private StudySpec parse(String file, String text) {
    YamlFields root = new YamlFields(file, "", tree(file, text)).only(KEYS);
    CalibrationSpec calibration = calibration(root, CALIBRATION_DEFAULTS);
    List<StudyRecipe> recipes = recipes(root, calibration);
    requireModels(root, recipes);
    List<Decoding> decodings = DecodingReader.read(root);
    if (root.has("thinking_budget")
        && decodings.stream().anyMatch(decoding -> decoding instanceof Decoding.Beam)) {
      throw root.wrong(
          "thinking_budget",
          "stands beside a beam search, whose beams have no budget of their own",
          "one of the two");
    }
    return new StudySpec(
        root.text("name"),
        root.texts("models"),
        recipes,
        tasks(root),
        root.has("suite") ? Optional.of(suite(root.text("suite"))) : Optional.empty(),
        calibration,
        root.choice("precision", names("auto", "float32", "bfloat16"), "auto"),
        root.choice("execution", executions(), Execution.SIMULATED),
        collapse(root),
        margin(root),
        limit(root),
        root.choice("keep", keepPolicies(), KeepPolicy.NONE),
        root.flag("noise_floor", true),
        root.flag("divergence", true),
        decodings,
        root.has("thinking_budget")
            ? OptionalInt.of(root.integer("thinking_budget", 0, 0, 1_000_000))
            : OptionalInt.empty(),
        speed(root));
  }

  private static void requireModels(YamlFields root, List<StudyRecipe> recipes) {
    List<String> models = root.texts("models");
    for (StudyRecipe recipe : recipes) {
      boolean named = recipe.endpoint().isPresent() || recipe.checkpoint().isPresent();
      Optional<String> of =
          recipe
              .endpoint()
              .flatMap(EndpointSpec::of)
              .or(() -> recipe.checkpoint().flatMap(CheckpointSpec::of));
      if (named && (of.isEmpty() ? models.size() > 1 : !models.contains(of.get()))) {
        throw root.wrong(
            "recipes",
            "has the row '" + recipe.label() + "' of no model of the study",
            "of: one of " + String.join(", ", models));
      }
    }
  }

  private static JsonNode tree(String file, String text) {
    try {
      YAMLMapper mapper =
          YAMLMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();
      return mapper.readTree(text);
    } catch (JacksonException e) {
      String line = e.getLocation() == null ? "" : " line " + e.getLocation().getLineNr();
      String problem = Objects.requireNonNullElse(e.getOriginalMessage(), "not YAML");
      throw new BitAtlasException(
          file + line + ": not valid YAML: " + problem.lines().findFirst().orElse("") + ".", e);
    }
  }

  private List<StudyRecipe> recipes(YamlFields root, CalibrationSpec calibration) {
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
            fields -> expand(fields, numerics(root, List.of(Optional.empty())), calibration));
    // The same recipe on another calibration has the same name, and the calibration behind it.
    List<Recipe> recipes =
        listed.stream().flatMap(row -> row.recipe().stream()).distinct().toList();
    List<StudyRecipe> rows = new ArrayList<>();
    rows.add(StudyRecipe.floatModel());
    for (StudyRecipe row :
        listed.stream().flatMap(entry -> entry.rows(recipes, calibration)).toList()) {
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
  private List<Listed> expand(
      YamlFields fields,
      List<Optional<Execution>> numericsOfStudy,
      CalibrationSpec calibrationOfStudy) {
    if (fields.has("endpoint")) {
      return List.of(Listed.of(endpoint(fields.only(Set.of("endpoint")).child("endpoint"))));
    }
    if (fields.has(CHECKPOINT)) {
      return List.of(Listed.of(checkpoint(fields), numerics(fields, numericsOfStudy)));
    }
    CalibrationSpec calibration = calibration(fields, calibrationOfStudy);
    List<Listed> recipes = new ArrayList<>();
    for (SequencedMap<String, String> options : widths(fields)) {
      Recipe recipe;
      try {
        recipe = Recipe.parse(options);
      } catch (BitAtlasException e) {
        throw fields.because(e);
      }
      if (fields.has(CALIBRATION) && !recipe.needsCalibration()) {
        throw fields.wrong(
            CALIBRATION, "is given for " + recipe.brief(), "none, as it is not calibrated");
      }
      recipes.add(
          new Listed(
              Optional.of(recipe),
              Optional.empty(),
              Optional.empty(),
              numerics(fields, numericsOfStudy),
              Optional.of(calibration).filter(own -> !own.equals(calibrationOfStudy))));
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
      SequencedMap<String, String> options = fields.scalars(Set.of(option, NUMERICS, CALIBRATION));
      options.put(option, value);
      widths.add(options);
    }
    return widths;
  }

  private static List<StudyTask> tasks(YamlFields root) {
    List<StudyTask> tasks =
        root.entries(
            "tasks",
            "a task name, or a mapping with task and modes",
            name -> List.of(new StudyTask(name, "")),
            fields -> {
              fields.only(Set.of("task", "modes"));
              String task = fields.text("task");
              if (!fields.has("modes")) {
                return List.of(new StudyTask(task, ""));
              }
              List<StudyTask> expanded = new ArrayList<>();
              for (String mode : fields.texts("modes")) {
                if (!MODES.contains(mode)) {
                  throw fields.wrong(
                      "modes", "names '" + mode + "'", "any of " + String.join(", ", MODES));
                }
                expanded.add(new StudyTask(task, mode));
              }
              return expanded;
            });
    Set<StudyTask> distinct = new LinkedHashSet<>();
    for (StudyTask task : tasks) {
      if (!distinct.add(task)) {
        throw root.wrong("tasks", "lists '" + task.label() + "' twice", "each task and mode once");
      }
    }
    return tasks;
  }

  /**
   * The key {@code calibration} of a study, or of a recipe, which takes what it leaves out from the
   * study's; mode and joining belong to a source and come with it.
   */
  private static CalibrationSpec calibration(YamlFields parent, CalibrationSpec otherwise) {
    if (!parent.has(CALIBRATION)) {
      return otherwise;
    }
    YamlFields fields =
        parent
            .child(CALIBRATION)
            .only(Set.of("source", "samples", "length", "seed", "mode", "join"));
    boolean same = !fields.has("source");
    return new CalibrationSpec(
        fields.text("source", otherwise.source()),
        fields.integer("samples", otherwise.samples(), 1, 1_000_000),
        fields.integer("length", otherwise.length(), 8, 1_000_000),
        fields.seed("seed", otherwise.seed()),
        fields.choice(
            "mode",
            optional(ThinkingMode.values(), ThinkingMode::id),
            same ? otherwise.mode() : Optional.empty()),
        fields.choice(
            "join",
            optional(Joining.values(), Joining::id),
            same ? otherwise.join() : Optional.empty()));
  }

  private static Optional<SpeedSpec> speed(YamlFields root) {
    if (!root.has("speed")) {
      return Optional.empty();
    }
    YamlFields fields =
        root.child("speed").only(Set.of("of", "schemes", "prefill", "context", "tokens", "rounds"));
    return Optional.of(
        new SpeedSpec(
            fields.texts("of"),
            fields.texts("schemes"),
            fields.integer("prefill", 512, 1, 1_000_000),
            fields.integer("context", 128, 1, 1_000_000),
            fields.integer("tokens", 16, 1, 1_000_000),
            fields.integer("rounds", 5, 1, 1_000)));
  }

  private static Optional<CollapseRule> collapse(YamlFields root) {
    if (!root.has("collapse")) {
      return Optional.empty();
    }
    YamlFields fields = root.child("collapse").only(Set.of("after_items", "at_most", "truncated"));
    return Optional.of(
        new CollapseRule(
            fields.integer("after_items", 100, 1, 1_000_000),
            fields.number("at_most", 0, 0, 1),
            fields.number("truncated", 0, 0, 1)));
  }

  private static ItemLimit limit(YamlFields root) {
    if (!root.has("limit")) {
      return ItemLimit.NONE;
    }
    if (!root.isMapping("limit")) {
      return ItemLimit.everywhere(root.integer("limit", 0, 1, Integer.MAX_VALUE));
    }
    YamlFields fields = root.child("limit").only(Set.of("others", "tasks"));
    return new ItemLimit(
        fields.has("others")
            ? OptionalInt.of(fields.integer("others", 0, 1, Integer.MAX_VALUE))
            : OptionalInt.empty(),
        fields.wholeNumbers("tasks", 1, Integer.MAX_VALUE));
  }

  private static ComparisonMargin margin(YamlFields root) {
    if (!root.has("margin")) {
      return new ComparisonMargin(2, new LinkedHashMap<>(), 2);
    }
    YamlFields fields = root.child("margin").only(Set.of("points", "tasks", "pooled"));
    double points = fields.number("points", 2, 0.01, 100);
    return new ComparisonMargin(
        points, fields.numbers("tasks", 0.01, 100), fields.number("pooled", points, 0.01, 100));
  }

  private static SequencedMap<String, String> names(String... names) {
    SequencedMap<String, String> map = new LinkedHashMap<>();
    for (String name : names) {
      map.put(name, name);
    }
    return map;
  }

  private static <T> SequencedMap<String, Optional<T>> optional(
      T[] values, Function<T, String> name) {
    SequencedMap<String, Optional<T>> map = new LinkedHashMap<>();
    for (T value : values) {
      map.put(name.apply(value), Optional.of(value));
    }
    return map;
  }

  private static SequencedMap<String, Execution> executions() {
    SequencedMap<String, Execution> executions = new LinkedHashMap<>();
    executions.put("simulated", Execution.SIMULATED);
    executions.put("integer", Execution.INTEGER);
    return executions;
  }

  private static SequencedMap<String, KeepPolicy> keepPolicies() {
    SequencedMap<String, KeepPolicy> policies = new LinkedHashMap<>();
    policies.put("none", KeepPolicy.NONE);
    policies.put("all", KeepPolicy.ALL);
    return policies;
  }
}
