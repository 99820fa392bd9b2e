package org.bitatlas.study.recommendation;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.bitatlas.study.StudyTask;
import org.bitatlas.study.map.Comparison;
import org.bitatlas.study.map.MapCell;
import org.bitatlas.study.target.Prediction;
import org.bitatlas.study.target.Prediction.Part;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * A recommendation as JSON. Shares are 0 to 1, memory in bytes, time in seconds. What was predicted
 * stands under {@code predicted}, what was measured under {@code measured}, never together.
 */
public final class RecommendationJson {
  /** Raised when a field changes its meaning or goes. */
  static final int SCHEMA_VERSION = 2;

  private RecommendationJson() {}

  /** The text. */
  public static String of(Recommendation answer) {
    return JsonMapper.builder()
            .enable(SerializationFeature.INDENT_OUTPUT)
            .build()
            .writeValueAsString(values(answer))
        + "\n";
  }

  static Map<String, Object> values(Recommendation answer) {
    Question question = answer.question();
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("schemaVersion", SCHEMA_VERSION);
    Map<String, Object> asked = new LinkedHashMap<>();
    asked.put("model", question.model());
    asked.put("shape", question.shape());
    asked.put("target", question.target().name());
    asked.put("memory", question.memoryLimit());
    asked.put("maxDrop", question.maxDrop());
    asked.put("task", question.task());
    asked.put("mode", question.mode());
    asked.put("preference", lower(question.preference()));
    root.put("asked", asked);
    root.put("columns", answer.columns().stream().map(StudyTask::label).toList());
    root.put("uninformative", answer.uninformative());
    answer.chosen().ifPresent(chosen -> root.put("recommended", candidate(chosen)));
    answer
        .runnerUp()
        .ifPresent(other -> {
          Map<String, Object> values = candidate(other);
          values.put("whyNot", answer.runnerUpReason());
          root.put("runnerUp", values);
        });
    root.put("excluded", answer.excluded().stream().map(RecommendationJson::candidate).toList());
    root.put("notMeasured", answer.notMeasured());
    root.put("commands", answer.commands());
    return root;
  }

  private static Map<String, Object> candidate(Candidate candidate) {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("setting", candidate.row().recipe());
    values.put("method", candidate.row().method());
    values.put("bits", candidate.row().bits());
    candidate
        .deployment()
        .ifPresent(way -> {
          Map<String, Object> served = new LinkedHashMap<>();
          served.put("stack", way.stack().name());
          served.put("version", way.version().toString());
          served.put("format", way.format().map(format -> format.label()).orElse(""));
          served.put("schemes", way.schemes().stream().map(scheme -> scheme.name()).toList());
          served.put("sources", way.schemes().stream().map(scheme -> scheme.source()).toList());
          values.put("servedBy", served);
        });
    Map<String, Object> measured = new LinkedHashMap<>();
    measured.put(
        "accuracy",
        candidate.cells().stream()
            .map(RecommendationJson::accuracy)
            .flatMap(Optional::stream)
            .toList());
    measured.put("speed", candidate.measured());
    values.put("measured", measured);
    candidate.prediction().ifPresent(known -> values.put("predicted", predicted(known)));
    List<Map<String, Object>> failures = new ArrayList<>();
    for (Candidate.Failure failure : candidate.failures()) {
      Map<String, Object> words = new LinkedHashMap<>();
      words.put("constraint", lower(failure.constraint()));
      words.put("why", failure.words());
      failures.add(words);
    }
    values.put("failures", failures);
    return values;
  }

  private static Optional<Map<String, Object>> accuracy(MapCell cell) {
    return cell.record()
        .map(record -> {
          Map<String, Object> values = new LinkedHashMap<>();
          values.put("column", cell.planned().column().label());
          values.put("record", record.key());
          values.put("state", record.state().name());
          values.put("items", record.items());
          cell.value().ifPresent(value -> values.put("accuracy", value));
          Comparison comparison = cell.comparison();
          if (comparison.made()) {
            values.put("difference", comparison.delta());
            values.put("low", comparison.low());
            values.put("high", comparison.high());
            values.put("verdict", lower(comparison.significance().alone()));
          }
          return values;
        });
  }

  private static Map<String, Object> predicted(Prediction prediction) {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("how", "roofline: a bound, not a measurement");
    values.put("prompt", prediction.workload().prompt());
    values.put("newTokens", prediction.workload().newTokens());
    values.put("prefillSeconds", prediction.prefillSeconds());
    values.put("decodeSeconds", prediction.decodeSeconds());
    values.put("quantizationShareOfPrefill", prediction.prefillShare(Part.QUANTIZATION));
    values.put("quantizationShareOfDecoding", prediction.decodeShare(Part.QUANTIZATION));
    values.put("memory", prediction.memory().total());
    values.put("weights", prediction.memory().weights());
    values.put("cache", prediction.memory().cache());
    values.put("activations", prediction.memory().activations());
    values.put("assumptions", prediction.assumptions());
    return values;
  }

  private static String lower(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}
