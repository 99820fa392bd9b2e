package org.bitatlas.study.recommendation;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.IntPredicate;
import org.bitatlas.eval.CellState;
import org.bitatlas.eval.SampleRecord;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.study.ComparisonMargin;
import org.bitatlas.study.Metric;
import org.bitatlas.study.Origin;
import org.bitatlas.study.PlannedCell;
import org.bitatlas.study.Reproduction;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.RunStore;
import org.bitatlas.study.StudyRecipe;
import org.bitatlas.study.StudySpec;
import org.bitatlas.study.map.AccuracyMap;

/** Records written by hand: every item's answer is chosen. */
public final class SyntheticStudy {
  private final String platform;
  private final int items;
  private final List<PlannedCell> plan = new ArrayList<>();
  private final List<RunRecord> records = new ArrayList<>();
  private final List<List<SampleRecord>> samples = new ArrayList<>();

  /** A study on a machine, with as many items per task. */
  public SyntheticStudy(String platform, int items) {
    this.platform = platform;
    this.items = items;
  }

  /** The float model on a task: item i is right where {@code right} says so. */
  public SyntheticStudy floats(String task, IntPredicate right) {
    return add("float", "float", StudyRecipe.FLOAT_BITS, Map.of(), task, CellState.OK, right);
  }

  /** What the records of the float model say of its configuration. */
  SyntheticStudy configuration(String text) {
    records.stream()
        .filter(record -> record.bits() == StudyRecipe.FLOAT_BITS)
        .forEach(record -> record.provenance().put("configuration", text));
    return this;
  }

  /** A recipe on a task. */
  public SyntheticStudy row(Map<String, ?> options, String task, IntPredicate right) {
    return row(options, task, CellState.OK, right);
  }

  /** A recipe on a task that ended in a state. */
  public SyntheticStudy row(
      Map<String, ?> options, String task, CellState state, IntPredicate right) {
    Recipe recipe = Recipe.parse(options);
    return add(
        recipe.label(), recipe.method(), recipe.bits(), recipe.describe(), task, state, right);
  }

  /** A checkpoint of 4 bits that was there already, on a task. */
  SyntheticStudy checkpoint(
      String format, String location, Map<String, String> scheme, String task, IntPredicate right) {
    SequencedMap<String, String> options = new LinkedHashMap<>(scheme);
    options.put("format", format);
    add(
        "found [%s]".formatted(format),
        format + " checkpoint",
        4,
        options,
        task,
        CellState.OK,
        right);
    records
        .getLast()
        .provenance()
        .put(
            Reproduction.STUDY,
            "{name: x, models: [nano], tasks: [%s], recipes: [float, {checkpoint: %s}]}"
                .formatted(task, location));
    return this;
  }

  /** Speed of a setting, read from another program's file. */
  SyntheticStudy speed(String label, String where, String load, double tokensPerSecond) {
    SequencedMap<String, String> inputs = new LinkedHashMap<>();
    inputs.put(Origin.INPUT, Origin.IMPORTED + "bench.json");
    inputs.put("platform", where);
    records.add(
        record(
            "speed-" + label + where + load,
            inputs,
            label + " [imported]",
            StudyRecipe.IMPORTED_METHOD,
            0,
            load,
            Metric.SPEED,
            CellState.OK,
            tokensPerSecond,
            List.of()));
    samples.add(List.of());
    return this;
  }

  private SyntheticStudy add(
      String label,
      String method,
      int bits,
      Map<String, String> options,
      String task,
      CellState state,
      IntPredicate right) {
    SequencedMap<String, String> inputs = new LinkedHashMap<>();
    inputs.put("weights", "w");
    options.forEach((name, value) -> inputs.put(StudyRecipe.INPUT_PREFIX + name, value));
    if (task.startsWith("human") || task.startsWith("mbpp")) {
      inputs.put("sandbox", "behaviour 1");
    }
    inputs.put("task", task);
    List<SampleRecord> own = new ArrayList<>();
    for (int i = 0; i < items; i++) {
      own.add(
          new SampleRecord(
              i,
              task + i,
              "",
              "yes",
              "",
              right.test(i) ? "yes" : "no",
              right.test(i),
              5,
              "CLOSED",
              new LinkedHashMap<>()));
    }
    long correct = own.stream().filter(SampleRecord::correct).count();
    String key = Integer.toHexString(inputs.toString().hashCode()) + "-" + label + "-" + task;
    RunRecord record =
        record(
            key,
            inputs,
            label,
            method,
            bits,
            task,
            Metric.ACCURACY,
            state,
            (double) correct / items,
            own);
    plan.add(
        new PlannedCell(
            key,
            "nano",
            label,
            record.method(),
            record.bits(),
            task,
            "no_think",
            Metric.ACCURACY,
            items,
            options.isEmpty() ? "" : "q-" + label,
            ""));
    records.add(record);
    samples.add(own);
    return this;
  }

  private RunRecord record(
      String key,
      SequencedMap<String, String> inputs,
      String label,
      String method,
      int bits,
      String task,
      Metric metric,
      CellState state,
      double primary,
      List<SampleRecord> own) {
    SequencedMap<String, String> provenance = new LinkedHashMap<>();
    provenance.put("time", "2026-11-22T00:00:00Z");
    provenance.put("processor", platform);
    return new RunRecord(
        key,
        inputs,
        "nano",
        label,
        method,
        bits,
        task,
        "no_think",
        metric,
        state,
        state == CellState.OK ? "" : "on purpose",
        primary,
        own.size(),
        own.size(),
        Math.toIntExact(own.stream().filter(SampleRecord::correct).count()),
        0,
        new LinkedHashMap<>(),
        1,
        10,
        Optional.empty(),
        bits == StudyRecipe.FLOAT_BITS ? "float: FP32" : "simulated: by hand",
        List.of(),
        "",
        provenance,
        "");
  }

  /** Writes the records; rows stand together, in the order they were added. */
  public void write(RunStore store) {
    for (int i = 0; i < records.size(); i++) {
      store.put(records.get(i), samples.get(i));
    }
    List<PlannedCell> rows = new ArrayList<>();
    for (String row : plan.stream().map(PlannedCell::recipe).distinct().toList()) {
      plan.stream().filter(cell -> cell.recipe().equals(row)).forEach(rows::add);
    }
    store.putPlan(rows);
  }

  /** Writes the records into a folder and answers a question about them. */
  Recommendation answer(Path folder, Question question) {
    return answer(folder, question, List.of());
  }

  /** The same with files of measured speeds. */
  Recommendation answer(Path folder, Question question, List<Path> speeds) {
    try (RunStore store = RunStore.open(folder)) {
      write(store);
      double points = 100 * question.maxDrop();
      StudySpec spec =
          StudySpec.defaultSpec().with(new ComparisonMargin(points, new LinkedHashMap<>(), points));
      return Recommender.answer(question, AccuracyMap.of(store, spec), store, speeds);
    }
  }
}
