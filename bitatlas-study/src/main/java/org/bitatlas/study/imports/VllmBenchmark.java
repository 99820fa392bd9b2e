package org.bitatlas.study.imports;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.bitatlas.study.Metric;
import org.bitatlas.study.Origin;
import tools.jackson.databind.JsonNode;

/**
 * The JSON of {@code vllm bench serve} ({@code benchmark_serving.py} before it) and of {@code vllm
 * bench throughput}, layouts of vLLM 0.6 to 0.11. The number of the cell is output tokens per
 * second of serving, and all tokens per second of throughput, which does not tell them apart.
 *
 * @param file the file
 * @param label what it does not say
 */
record VllmBenchmark(ResultFile file, ImportLabel label) {

  static boolean matches(JsonNode root) {
    return isServing(root) || isThroughput(root);
  }

  private static boolean isServing(JsonNode root) {
    return root.path("output_throughput").isNumber()
        && root.path("request_throughput").isNumber()
        && root.path("completed").isNumber();
  }

  private static boolean isThroughput(JsonNode root) {
    return root.path("elapsed_time").isNumber()
        && root.path("num_requests").isNumber()
        && root.path("tokens_per_second").isNumber();
  }

  Imported cell() {
    JsonNode root = file.root();
    boolean serving = isServing(root);
    String program = serving ? "vllm bench serve" : "vllm bench throughput";
    SequencedMap<String, Double> metrics = new LinkedHashMap<>();
    SequencedMap<String, String> inputs = new LinkedHashMap<>();
    inputs.put(Origin.INPUT, Origin.IMPORTED + program + ": " + file.name());
    inputs.put("file", file.sha256());
    inputs.put("label", label.label());
    inputs.put("platform", label.platform());
    root.properties()
        .forEach(entry -> {
          JsonNode value = entry.getValue();
          if (value.isNumber()) {
            metrics.put(entry.getKey(), value.doubleValue());
          }
          if (value.isString() && entry.getKey().matches("[A-Za-z0-9_.-]{1,64}")) {
            inputs.put("vllm." + entry.getKey(), value.stringValue());
          }
        });
    inputs.put("task", program);
    inputs.put("mode", mode(root, serving));
    int done = root.path(serving ? "completed" : "num_requests").intValue(0);
    String model = root.path("model_id").stringValue("");
    SequencedMap<String, String> provenance = new LinkedHashMap<>();
    String date = root.path("date").stringValue("");
    if (date.matches("[0-9]{8}-[0-9]{6}")) {
      provenance.put(
          "time",
          date.replaceFirst("(....)(..)(..)-(..)(..)(..)", "$1-$2-$3T$4:$5:$6") + " (its clock)");
    }
    return new RecordDraft(
            label.beside().orElse(model.isEmpty() ? label.label() : model),
            label.label(),
            inputs,
            program,
            mode(root, serving),
            Metric.SPEED,
            root.path(serving ? "output_throughput" : "tokens_per_second").doubleValue(),
            done,
            root.path("num_prompts").intValue(done),
            metrics,
            Origin.IMPORTED + program + ", file sha256 " + file.sha256().substring(0, 16),
            provenance)
        .imported(List.of());
  }

  /** The load, so that two loads are two columns. */
  private static String mode(JsonNode root, boolean serving) {
    if (!serving) {
      return root.path("num_requests").asString("") + " requests, all tokens/s";
    }
    String concurrency = root.path("max_concurrency").asString("");
    return "rate "
        + root.path("request_rate").asString("inf")
        + (concurrency.isEmpty() ? "" : ", concurrency " + concurrency)
        + ", "
        + root.path("num_prompts").asString(root.path("completed").asString(""))
        + " prompts, output tokens/s";
  }
}
