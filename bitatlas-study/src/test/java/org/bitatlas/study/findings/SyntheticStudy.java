package org.bitatlas.study.findings;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.stream.IntStream;
import org.bitatlas.eval.CellState;
import org.bitatlas.eval.SampleRecord;
import org.bitatlas.scheme.ModelSize;
import org.bitatlas.study.Metric;
import org.bitatlas.study.PlannedCell;
import org.bitatlas.study.RecordKey;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.RunStore;
import org.bitatlas.study.SpeedRecord;
import org.bitatlas.study.StudyRecipe;
import org.bitatlas.study.StudySpec;
import org.bitatlas.study.StudyTask;
import org.bitatlas.study.map.AccuracyMap;

/** Records made up for a test: which items of a cell are right is said, not measured. */
final class SyntheticStudy {
  private final List<RunRecord> records = new ArrayList<>();
  private final Map<String, List<SampleRecord>> samples = new LinkedHashMap<>();
  private final Map<String, Long> sizes = new LinkedHashMap<>();

  /** Names a model and the bytes of its float weights; the first cells are its float row's. */
  SyntheticStudy model(String name, long bytes) {
    sizes.put(name, bytes);
    return this;
  }

  /** A cell of the float row whose first {@code right} items are right. */
  SyntheticStudy base(String model, String task, String mode, int items, int right) {
    return add(model, Row.FLOAT, task, mode, CellState.OK, items, first(right, items), 0);
  }

  /** A row: label, method and options. */
  record Row(String label, String method, int bits, Map<String, String> options) {
    static final Row FLOAT = new Row("float", "float", StudyRecipe.FLOAT_BITS, Map.of());
    static final Row W8 = new Row("RTN W8", "RTN", 8, Map.of("a_bits", "16"));
    static final Row W4 = new Row("GPTQ W4", "GPTQ", 4, Map.of("a_bits", "16"));
    static final Row W2 = new Row("GPTQ W2", "GPTQ", 2, Map.of("a_bits", "16"));
    static final Row W1 = new Row("BiLLM W1", "BiLLM", 1, Map.of("a_bits", "16"));
    static final Row W8A8 = new Row("SmoothQuant W8A8", "SmoothQuant", 8, Map.of("a_bits", "8"));
    static final Row W4A4 = new Row("SmoothQuant W4A4", "SmoothQuant", 4, Map.of("a_bits", "4"));
  }

  /** A cell in which the last {@code lost} of the items that float has right are wrong. */
  SyntheticStudy cell(
      String model, Row row, String task, String mode, int items, int right, int lost) {
    return add(model, row, task, mode, CellState.OK, items, first(right - lost, items), 0);
  }

  /** A cell in another state, with its reason. */
  SyntheticStudy broken(String model, Row row, String task, String mode, CellState state) {
    return add(model, row, task, mode, state, 0, new boolean[0], 0);
  }

  /** A perplexity cell; NaN for one that is not finite. */
  SyntheticStudy perplexity(String model, Row row, double value) {
    return add(
        model,
        row,
        "wikitext_nano",
        "",
        Double.isNaN(value) ? CellState.NON_FINITE : CellState.OK,
        16,
        new boolean[0],
        value);
  }

  /** A scheme with its seconds of prefill, and those of quantization, in each round. */
  SyntheticStudy speed(String scheme, int bits, double[] prefill, double[] quantization) {
    SequencedMap<String, String> inputs = new LinkedHashMap<>();
    inputs.put(SpeedRecord.INPUT, "test");
    inputs.put("scheme", scheme);
    inputs.put("processor", "a processor");
    inputs.put("prompt", "512");
    List<SampleRecord> rounds = new ArrayList<>();
    for (int i = 0; i < prefill.length; i++) {
      SequencedMap<String, Double> measures = new LinkedHashMap<>();
      measures.put(SpeedRecord.PREFILL, prefill[i]);
      measures.put(SpeedRecord.PREFILL_PHASE + "quantization", quantization[i]);
      rounds.add(sample(i, true, measures));
    }
    SequencedMap<String, Double> metrics = new LinkedHashMap<>();
    metrics.put("prefill_tokens_per_second", 512 / prefill[0]);
    Row row = new Row(scheme, SpeedRecord.METHOD, bits, Map.of());
    StudyTask column = new StudyTask(SpeedRecord.TASK, "");
    put(
        record("shape", row, column, Metric.SPEED, CellState.OK, rounds, 1, inputs, metrics),
        rounds);
    return this;
  }

  static boolean[] first(int right, int items) {
    boolean[] all = new boolean[items];
    for (int i = 0; i < right; i++) {
      all[i] = true;
    }
    return all;
  }

  private SyntheticStudy add(
      String model,
      Row row,
      String task,
      String mode,
      CellState state,
      int items,
      boolean[] right,
      double perplexity) {
    boolean text = task.startsWith("wikitext");
    List<SampleRecord> rows =
        IntStream.range(0, items)
            .mapToObj(i -> {
              SequencedMap<String, Double> measures = new LinkedHashMap<>();
              if (text && state == CellState.OK) {
                measures.put("nll", 255 * (Math.log(perplexity) + 0.001 * (i % 3)));
                measures.put("tokens", 255.0);
              }
              return sample(i, !text && right[i], measures);
            })
            .toList();
    SequencedMap<String, String> inputs = new LinkedHashMap<>();
    row.options().forEach((name, value) -> inputs.put(StudyRecipe.INPUT_PREFIX + name, value));
    long correct = rows.stream().filter(SampleRecord::correct).count();
    put(
        record(
            model,
            row,
            new StudyTask(task, mode),
            text ? Metric.PERPLEXITY : Metric.ACCURACY,
            state,
            rows,
            text ? perplexity : items == 0 ? Double.NaN : correct / (double) items,
            inputs,
            new LinkedHashMap<>()),
        rows);
    return this;
  }

  private void put(RunRecord record, List<SampleRecord> rows) {
    records.add(record);
    samples.put(record.key(), rows);
  }

  private RunRecord record(
      String model,
      Row row,
      StudyTask column,
      Metric metric,
      CellState state,
      List<SampleRecord> rows,
      double primary,
      SequencedMap<String, String> inputs,
      SequencedMap<String, Double> metrics) {
    inputs.put("model", model);
    if (metric != Metric.SPEED) {
      inputs.put("row", row.label());
    }
    inputs.put("column", column.label());
    long bytes = sizes.getOrDefault(model, 1000L) * row.bits() / StudyRecipe.FLOAT_BITS;
    return new RunRecord(
        RecordKey.of(inputs),
        inputs,
        model,
        row.label(),
        row.method(),
        row.bits(),
        column.task(),
        column.mode(),
        metric,
        state,
        state == CellState.OK ? "" : "as the test says",
        primary,
        rows.size(),
        rows.size(),
        Math.toIntExact(rows.stream().filter(SampleRecord::correct).count()),
        column.task().startsWith("bool") ? 0.5 : 0,
        metrics,
        1,
        0,
        Optional.of(new ModelSize(bytes, bytes, row.bits())),
        "simulated",
        List.of(),
        "",
        new LinkedHashMap<>(),
        "");
  }

  private static SampleRecord sample(
      int index, boolean correct, SequencedMap<String, Double> measures) {
    return new SampleRecord(
        index,
        "digest " + index,
        "prompt " + index,
        "yes",
        correct ? "yes" : "no",
        correct ? "yes" : "no",
        correct,
        1,
        "CLOSED",
        measures);
  }

  /** The finding of a name over these records. */
  Finding finding(Path folder, String id) {
    AccuracyMap map = map(folder);
    return Findings.of(map).stream()
        .filter(finding -> finding.id().equals(id))
        .findFirst()
        .orElseThrow();
  }

  /** The map of these records. */
  AccuracyMap map(Path folder) {
    try (RunStore store = RunStore.open(folder)) {
      List<RunRecord> cells = records.stream().filter(record -> !SpeedRecord.is(record)).toList();
      store.putPlan(cells.stream().map(PlannedCell::of).toList());
      records.forEach(record -> store.put(record, samples.getOrDefault(record.key(), List.of())));
      return AccuracyMap.of(store, StudySpec.defaultSpec());
    }
  }
}
