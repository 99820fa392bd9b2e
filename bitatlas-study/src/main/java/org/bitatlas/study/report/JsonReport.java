package org.bitatlas.study.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.bitatlas.study.RecordDigest;
import org.bitatlas.study.map.AccuracyMap;
import org.bitatlas.study.map.CollapseMeasures;
import org.bitatlas.study.map.Comparison;
import org.bitatlas.study.map.MapAverage;
import org.bitatlas.study.map.MapCell;
import org.bitatlas.study.map.MapRow;
import org.bitatlas.study.map.MapSpeed;
import org.bitatlas.study.map.NoiseFloor;
import org.bitatlas.study.map.PooledComparison;
import org.bitatlas.study.recommendation.Recommendation;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * The map as JSON, for programs. Fields are only added within a schema version; a number that does
 * not exist is left out.
 */
final class JsonReport {
  /** Raised when a field changes its meaning or goes. */
  static final int SCHEMA_VERSION = 1;

  private JsonReport() {}

  /** An answer without its candidates, which the command {@code recommend --json} gives. */
  private static Map<String, Object> target(Recommendation answer) {
    Map<String, Object> node = new LinkedHashMap<>();
    node.put("target", answer.question().target().name());
    node.put("model", answer.question().model());
    answer
        .chosen()
        .ifPresent(chosen -> {
          node.put("recommended", chosen.row().recipe());
          chosen.deployment().ifPresent(way -> node.put("servedBy", way.words()));
          node.put("measuredSpeeds", chosen.measured());
          chosen
              .prediction()
              .ifPresent(known -> {
                node.put("predictedBytes", known.memory().total());
                node.put("predictedDecodeTokensPerSecond", known.decodeTokensPerSecond());
              });
        });
    answer.runnerUp().ifPresent(other -> node.put("runnerUp", other.row().recipe()));
    node.put("excluded", answer.excluded().size());
    return node;
  }

  static String of(AccuracyMap map, Conclusions conclusions) {
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("schemaVersion", SCHEMA_VERSION);
    root.put("study", map.spec().name());
    root.put("specification", map.spec().mapText());
    root.put("marginPoints", map.spec().margin().points());
    root.put("facts", RunFacts.of(map).lines());
    List<Object> rows = new ArrayList<>();
    for (int i = 0; i < map.rows().size(); i++) {
      Map<String, Object> node = row(map.rows().get(i), map.averages().get(i));
      node.put("pooled", pooled(map.pooled().get(i)));
      rows.add(node);
    }
    root.put("rows", rows);
    root.put("columns", map.columns());
    List<Object> cells = new ArrayList<>();
    for (int i = 0; i < map.rows().size(); i++) {
      for (int j = 0; j < map.columns().size(); j++) {
        cells.add(cell(i, j, map.cells().get(i).get(j)));
      }
    }
    root.put("cells", cells);
    root.put("noise", map.noise().stream().map(JsonReport::noise).toList());
    root.put("decodings", map.readings());
    root.put("checks", map.checks());
    root.put("findings", conclusions.findings());
    root.put("targets", conclusions.targets().stream().map(JsonReport::target).toList());
    root.put("speeds", map.speeds().stream().map(JsonReport::speed).toList());
    return JsonMapper.builder()
            .enable(SerializationFeature.INDENT_OUTPUT)
            .build()
            .writeValueAsString(root)
        + "\n";
  }

  private static Map<String, Object> speed(MapSpeed speed) {
    Map<String, Object> node = new LinkedHashMap<>();
    node.put("key", speed.record().key());
    node.put("digest", RecordDigest.of(speed.record(), speed.rounds()));
    node.put("subject", speed.record().model());
    node.put("scheme", speed.scheme());
    node.put("inputs", speed.record().inputs());
    node.put("rounds", speed.rounds().size());
    Map<String, Object> metrics = new LinkedHashMap<>();
    speed.record().metrics().forEach((name, value) -> number(metrics, name, value));
    node.put("metrics", metrics);
    return node;
  }

  private static Map<String, Object> row(MapRow row, MapAverage average) {
    Map<String, Object> node = new LinkedHashMap<>();
    node.put("model", row.model());
    node.put("recipe", row.recipe());
    node.put("method", row.method());
    node.put("bits", row.bits());
    node.put("options", row.options());
    row.size()
        .ifPresent(size -> {
          node.put("modelBytes", size.wholeModelBytes());
          node.put("linearBytes", size.linearBytes());
          node.put("bitsPerWeight", size.storedBitsPerWeight());
        });
    node.put("execution", row.execution());
    node.put("notes", row.notes());
    number(node, "mean", average.mean().orElse(Double.NaN));
    number(node, "meanLow", average.low());
    number(node, "meanHigh", average.high());
    node.put("meanCells", average.cells());
    node.put("meanLeftOut", average.leftOut());
    node.put("onFront", average.onFront());
    node.put("layerErrors", row.layerErrors());
    node.put("layers", row.layers());
    return node;
  }

  private static Map<String, Object> cell(int row, int column, MapCell cell) {
    Map<String, Object> node = new LinkedHashMap<>();
    node.put("row", row);
    node.put("column", column);
    node.put("key", cell.planned().key());
    node.put("metric", cell.planned().metric());
    node.put("state", cell.state());
    node.put("reason", cell.reason());
    cell.record()
        .ifPresent(record -> {
          node.put("digest", RecordDigest.of(record, cell.samples()));
          number(node, "primary", record.primary());
          node.put("items", record.items());
          node.put("plannedItems", record.plannedItems());
          node.put("correct", record.correct());
          node.put("chance", record.chance());
          node.put("seconds", record.seconds());
          number(node, "itemsPerSecond", record.itemsPerSecond());
          node.put("generatedTokens", record.generatedTokens());
          Map<String, Object> metrics = new LinkedHashMap<>();
          record.metrics().forEach((name, value) -> number(metrics, name, value));
          node.put("metrics", metrics);
        });
    number(node, "low", cell.low());
    number(node, "high", cell.high());
    node.put("flags", new TreeSet<>(cell.flags()));
    compared(node, cell.comparison());
    cell.collapse().ifPresent(collapse -> node.put("collapse", collapse(collapse)));
    return node;
  }

  private static Map<String, Object> collapse(CollapseMeasures collapse) {
    Map<String, Object> node = new LinkedHashMap<>();
    node.put("items", collapse.items());
    number(node, "rate", collapse.rate().share());
    number(node, "rateLow", collapse.rate().low());
    number(node, "rateHigh", collapse.rate().high());
    number(node, "floatRate", collapse.floatRate());
    number(node, "mcnemar", collapse.pValue());
    number(node, "loopOnset", collapse.onset());
    number(node, "lengthRatioMedian", collapse.lengthMedian());
    number(node, "lengthRatioP95", collapse.lengthP95());
    number(node, "lengthRatioRight", collapse.lengthRight());
    number(node, "lost", collapse.lost());
    number(node, "floatLost", collapse.floatLost());
    number(node, "lostMcnemar", collapse.lostPValue());
    return node;
  }

  private static void compared(Map<String, Object> node, Comparison comparison) {
    node.put("verdict", comparison.verdict());
    node.put("verdictAlone", comparison.significance().alone());
    number(node, "delta", comparison.delta());
    number(node, "deltaLow", comparison.low());
    number(node, "deltaHigh", comparison.high());
    node.put("broken", comparison.broken());
    node.put("repaired", comparison.repaired());
    node.put("churned", comparison.churned());
    number(node, "mcnemar", comparison.pValue());
    number(node, "worse", comparison.significance().worse());
    number(node, "worseHolm", comparison.significance().adjusted());
    number(node, "noise", comparison.significance().noise());
    number(node, "ratio", comparison.ratio().value());
    number(node, "ratioLow", comparison.ratio().low());
    number(node, "detectable", comparison.detectable());
    node.put("pairedItems", comparison.items());
    node.put("pairedUnits", comparison.units());
  }

  private static Map<String, Object> pooled(PooledComparison pooled) {
    Map<String, Object> node = new LinkedHashMap<>();
    node.put("tasks", pooled.tasks());
    node.put("brokenTasks", pooled.broken());
    node.put("missingTasks", pooled.missing());
    compared(node, pooled.comparison());
    return node;
  }

  private static Map<String, Object> noise(NoiseFloor floor) {
    Map<String, Object> node = new LinkedHashMap<>();
    node.put("model", floor.model());
    node.put("how", floor.how());
    List<Object> columns = new ArrayList<>();
    for (Comparison comparison : floor.columns()) {
      Map<String, Object> column = new LinkedHashMap<>();
      compared(column, comparison);
      columns.add(column);
    }
    node.put("columns", columns);
    node.put("pooled", pooled(floor.pooled()));
    return node;
  }

  private static void number(Map<String, Object> node, String name, double value) {
    if (Double.isFinite(value)) {
      node.put(name, value);
    }
  }
}
