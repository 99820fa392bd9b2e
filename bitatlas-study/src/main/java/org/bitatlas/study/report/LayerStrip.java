package org.bitatlas.study.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.quant.pipeline.LayerError;
import org.bitatlas.quant.pipeline.LayerReport;
import org.bitatlas.study.map.MapRow;

/**
 * What quantization did to every linear layer: per recipe one table of projections x blocks for
 * each {@link LayerMeasure}, and in words what does not fit a table.
 */
final class LayerStrip {
  /** Blocks up to which two tables stand side by side. */
  private static final int NARROW = 12;

  private LayerStrip() {}

  static List<Map<String, Object>> of(List<MapRow> rows, Function<MapRow, String> name) {
    List<Map<String, Object>> strips = new ArrayList<>();
    for (MapRow row : rows) {
      List<Map<String, Object>> tables = tables(row);
      if (!tables.isEmpty()) {
        strips.add(strip(row, name.apply(row), tables));
      }
    }
    return strips;
  }

  /** What the measures mean that {@code rows} have. */
  static List<Map<String, String>> meanings(List<MapRow> rows) {
    boolean activations = rows.stream().anyMatch(MapRow::quantizesActivations);
    return Arrays.stream(LayerMeasure.values())
        .filter(measure -> activations || !measure.ofActivations())
        .map(measure -> Map.of("name", measure.title(), "meaning", measure.meaning()))
        .toList();
  }

  private record Value(int layer, Projection projection, OptionalDouble number) {
    boolean isMeasured() {
      return !Double.isNaN(numberOrNaN());
    }

    double numberOrNaN() {
      return number.orElse(Double.NaN);
    }
  }

  private static Map<String, Object> strip(
      MapRow row, String name, List<Map<String, Object>> tables) {
    long blocks = row.layerErrors().stream().map(LayerError::layer).distinct().count();
    return Map.of(
        "name", name,
        "wide", blocks > NARROW,
        "first", tables.getFirst(),
        "more", tables.subList(1, tables.size()),
        "old", row.layers().isEmpty(),
        "remarks", remarks(row.layers()));
  }

  /** Errors first; they are all that an old record has. */
  private static List<Map<String, Object>> tables(MapRow row) {
    List<Map<String, Object>> tables = new ArrayList<>();
    table(LayerMeasure.OUTPUT_ERROR, errors(row, LayerError::outputError)).ifPresent(tables::add);
    table(LayerMeasure.WEIGHT_ERROR, errors(row, LayerError::weightError)).ifPresent(tables::add);
    for (LayerMeasure measure : LayerMeasure.values()) {
      boolean shown = !measure.ofActivations() || row.quantizesActivations();
      if (shown && measure.compareTo(LayerMeasure.WEIGHT_ERROR) > 0) {
        table(
                measure,
                row.layers().stream()
                    .map(r -> new Value(r.layer(), r.projection(), measure.of(r)))
                    .toList())
            .ifPresent(tables::add);
      }
    }
    return tables;
  }

  private static List<Value> errors(MapRow row, Function<LayerError, Double> error) {
    return row.layerErrors().stream()
        .map(e -> new Value(e.layer(), e.projection(), OptionalDouble.of(error.apply(e))))
        .toList();
  }

  /** The table of a measure; empty when no layer has it. */
  private static Optional<Map<String, Object>> table(LayerMeasure measure, List<Value> values) {
    List<Value> measured = values.stream().filter(Value::isMeasured).toList();
    if (measured.isEmpty()) {
      return Optional.empty();
    }
    Value largest =
        measured.stream()
            .max(Comparator.comparingDouble(v -> Math.abs(v.numberOrNaN())))
            .orElseThrow();
    double number = largest.numberOrNaN();
    boolean constant =
        values.stream().allMatch(v -> measure.text(v.numberOrNaN()).equals(measure.text(number)));
    Map<Integer, Map<Projection, Value>> blocks = new TreeMap<>();
    for (Value value : values) {
      blocks.computeIfAbsent(value.layer(), _ -> new TreeMap<>()).put(value.projection(), value);
    }
    return Optional.of(
        Map.of(
            "title",
            measure.title(),
            "summary",
            constant
                ? measure.textWithUnit(number) + " in every layer"
                : (number < 0 ? "lowest: " : "largest: ")
                    + place(largest)
                    + ", "
                    + measure.textWithUnit(number),
            "constant",
            constant,
            "layers",
            List.copyOf(blocks.keySet()),
            "lines",
            constant ? List.of() : lines(measure, blocks)));
  }

  private static List<Map<String, Object>> lines(
      LayerMeasure measure, Map<Integer, Map<Projection, Value>> blocks) {
    List<Map<String, Object>> lines = new ArrayList<>();
    for (Projection projection : Projection.values()) {
      List<Object> cells = new ArrayList<>();
      blocks.forEach((layer, values) ->
          cells.add(
              cell(
                  measure,
                  values.getOrDefault(
                      projection, new Value(layer, projection, OptionalDouble.empty())))));
      lines.add(Map.of("name", shortName(projection), "cells", cells));
    }
    return lines;
  }

  private static Map<String, Object> cell(LayerMeasure measure, Value value) {
    double number = value.numberOrNaN();
    return Map.of(
        "text", measure.text(number),
        "level", measure.level(number),
        "title", place(value) + (value.isMeasured() ? ": " + measure.precise(number) : ""));
  }

  private static String place(Value value) {
    return "block " + value.layer() + " " + shortName(value.projection());
  }

  private static String shortName(Projection projection) {
    return projection.path().substring(projection.path().indexOf('.') + 1);
  }

  /** Fallbacks, dead channels and values that are not finite. */
  private static List<String> remarks(List<LayerReport> layers) {
    List<String> remarks = new ArrayList<>();
    for (LayerReport layer : layers) {
      layer
          .fallback()
          .ifPresent(done -> remarks.add("Fallback in " + layer.module() + ": " + done));
    }
    counted("Input channels that are 0 for every token", layers, LayerReport.Inputs::deadChannels)
        .ifPresent(remarks::add);
    counted("Inputs that are NaN or infinite", layers, LayerReport.Inputs::nonFinite)
        .ifPresent(remarks::add);
    return remarks;
  }

  private static Optional<String> counted(
      String what, List<LayerReport> layers, Function<LayerReport.Inputs, Number> count) {
    String places =
        layers.stream()
            .filter(layer -> layer.inputs().filter(i -> count.apply(i).longValue() > 0).isPresent())
            .map(layer -> layer.inputs().map(count).orElseThrow() + " in " + layer.module())
            .collect(Collectors.joining(", "));
    return places.isEmpty() ? Optional.empty() : Optional.of(what + ": " + places + ".");
  }
}
