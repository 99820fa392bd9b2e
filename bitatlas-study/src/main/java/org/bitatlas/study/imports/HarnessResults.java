package org.bitatlas.study.imports;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import org.bitatlas.eval.SampleRecord;
import org.bitatlas.study.Metric;
import org.bitatlas.study.Origin;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.databind.JsonNode;

/**
 * {@code results_*.json} of lm-evaluation-harness (layout of 0.4.13): one cell for every metric and
 * filter of a task that is a share or a perplexity. Its numbers are taken as they are.
 *
 * @param file the file
 * @param label what it does not say
 */
record HarnessResults(ResultFile file, ImportLabel label) {
  private static final String PROGRAM = "lm-evaluation-harness";

  static boolean matches(JsonNode root) {
    return root.path("results").isObject()
        && root.path("versions").isObject()
        && root.path("n-shot").isObject();
  }

  List<Imported> cells() {
    List<Imported> cells = new ArrayList<>();
    for (Map.Entry<String, JsonNode> task : file.root().path("results").properties()) {
      SequencedMap<String, Double> metrics = metrics(task.getValue());
      Optional<HarnessSamples> samples = HarnessSamples.beside(file, task.getKey());
      for (Map.Entry<String, Double> entry : metrics.entrySet()) {
        String name = entry.getKey().split(",", 2)[0];
        Optional<Metric> metric = metric(task.getKey(), name, entry.getValue());
        if (metric.isPresent()) {
          cells.add(cell(task.getKey(), entry.getKey(), metric.get(), metrics, samples));
        }
      }
    }
    if (cells.isEmpty()) {
      throw new BitAtlasException(
          "The file %s of %s has no accuracy and no perplexity; give the results of a finished run."
              .formatted(file.path(), PROGRAM));
    }
    return List.copyOf(cells);
  }

  private Imported cell(
      String task,
      String column,
      Metric metric,
      SequencedMap<String, Double> metrics,
      Optional<HarnessSamples> found) {
    JsonNode root = file.root();
    double value = metrics.getOrDefault(column, Double.NaN);
    JsonNode counts = root.path("n-samples").path(task);
    int asked = counts.path("effective").intValue(0);
    String metricName = column.split(",", 2)[0];
    String filter = column.contains(",") ? column.split(",", 2)[1] : "none";
    List<SampleRecord> samples =
        metric == Metric.ACCURACY && found.isPresent()
            ? found.get().records(metricName, filter, value)
            : List.of();
    SequencedMap<String, String> inputs = new LinkedHashMap<>();
    inputs.put(Origin.INPUT, Origin.IMPORTED + program() + ": " + file.name());
    inputs.put("file", file.sha256());
    inputs.put("label", label.label());
    inputs.put("platform", label.platform());
    inputs.put("task", task);
    inputs.put("metric", column);
    put(inputs, "task_version", root.path("versions").path(task));
    put(inputs, "n_shot", root.path("n-shot").path(task));
    put(inputs, "task_hash", root.path("task_hashes").path(task));
    put(inputs, "model_source", root.path("model_source"));
    put(inputs, "model_args", root.path("config").path("model_args"));
    put(inputs, "limit", root.path("config").path("limit"));
    put(inputs, "gen_kwargs", root.path("config").path("gen_kwargs"));
    put(inputs, "chat_template", root.path("chat_template_sha"));
    put(inputs, "system_instruction", root.path("system_instruction_sha"));
    SequencedMap<String, String> provenance = new LinkedHashMap<>();
    if (root.path("date").isNumber()) {
      provenance.put(
          "time", Instant.ofEpochSecond((long) root.path("date").doubleValue()).toString());
    }
    found.ifPresent(files -> provenance.put("samples_sha256", files.sha256()));
    return new RecordDraft(
            label.beside().orElseGet(this::model),
            label.label(),
            inputs,
            task,
            filter.equals("none") ? metricName : column,
            metric,
            value,
            items(metric, value, asked),
            counts.path("original").intValue(asked),
            metrics,
            Origin.IMPORTED + program() + ", file sha256 " + file.sha256().substring(0, 16),
            provenance)
        .imported(samples);
  }

  private Optional<Metric> metric(String task, String name, double value) {
    JsonNode better = file.root().path("higher_is_better").path(task).path(name);
    if (name.endsWith("perplexity") && !better.booleanValue(false)) {
      return Optional.of(Metric.PERPLEXITY);
    }
    boolean share = better.booleanValue(false) && (!Double.isFinite(value) || value <= 1);
    return share && !(value < 0) ? Optional.of(Metric.ACCURACY) : Optional.empty();
  }

  /** Items behind a share; a mean of partial scores is none, so it has no interval of a share. */
  private static int items(Metric metric, double value, int asked) {
    double right = value * asked;
    boolean whole = Math.abs(right - Math.rint(right)) < 1e-6 * Math.max(1, asked);
    return metric == Metric.ACCURACY && !whole ? 0 : asked;
  }

  private static SequencedMap<String, Double> metrics(JsonNode results) {
    SequencedMap<String, Double> metrics = new LinkedHashMap<>();
    results
        .properties()
        .forEach(entry -> {
          boolean metric = entry.getKey().contains(",");
          JsonNode value = entry.getValue();
          if (metric && (value.isNumber() || value.stringValue("").equals("NaN"))) {
            metrics.put(entry.getKey(), value.asDouble(Double.NaN));
          }
        });
    return metrics;
  }

  private String program() {
    String version = file.root().path("lm_eval_version").stringValue("");
    return version.isEmpty() ? PROGRAM : PROGRAM + " " + version;
  }

  private String model() {
    String name = file.root().path("model_name").stringValue("");
    return name.isEmpty() ? label.label() : name;
  }

  private static void put(SequencedMap<String, String> inputs, String name, JsonNode value) {
    if (!value.isMissingNode() && !value.isNull()) {
      inputs.put(name, value.isString() ? value.stringValue() : value.toString());
    }
  }
}
