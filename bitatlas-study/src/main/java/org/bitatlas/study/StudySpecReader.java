package org.bitatlas.study;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedMap;
import java.util.Set;
import org.bitatlas.eval.CollapseRule;
import org.bitatlas.model.Execution;
import org.bitatlas.nano.Nano;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** Reads a {@link StudySpec} from YAML. */
final class StudySpecReader {
  private static final String DEFAULT = "default-study.yaml";
  private static final Set<String> MODES =
      new LinkedHashSet<>(List.of("slow_think", "no_think", "auto_think"));
  private static final Set<String> KEYS =
      Set.of(
          "name",
          "models",
          "recipes",
          "tasks",
          "suite",
          CalibrationReader.KEY,
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
    CalibrationSpec calibration = CalibrationReader.read(root, CalibrationReader.DEFAULTS);
    List<StudyRecipe> recipes = new RecipeRows(folder, root, calibration).read();
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
