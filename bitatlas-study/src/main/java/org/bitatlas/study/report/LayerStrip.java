package org.bitatlas.study.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.quant.pipeline.LayerError;
import org.bitatlas.study.map.MapRow;

/** Relative output errors of every linear layer, one table of projections x layers per recipe. */
final class LayerStrip {
  private LayerStrip() {}

  static List<Map<String, Object>> of(List<MapRow> rows, Function<MapRow, String> name) {
    List<Map<String, Object>> strips = new ArrayList<>();
    for (MapRow row : rows) {
      if (!row.layerErrors().isEmpty()) {
        strips.add(strip(row, name.apply(row)));
      }
    }
    return strips;
  }

  private static Map<String, Object> strip(MapRow row, String name) {
    Map<Integer, Map<Projection, LayerError>> layers = new TreeMap<>();
    for (LayerError error : row.layerErrors()) {
      layers.computeIfAbsent(error.layer(), _ -> new TreeMap<>()).put(error.projection(), error);
    }
    List<Object> lines = new ArrayList<>();
    for (Projection projection : Projection.values()) {
      List<Object> cells = new ArrayList<>();
      layers.forEach((layer, errors) -> {
        LayerError error = errors.get(projection);
        cells.add(
            error == null
                ? Map.of("text", "–", "level", 0, "title", "layer " + layer)
                : cell(error));
      });
      lines.add(
          Map.of(
              "name",
              projection.path().substring(projection.path().indexOf('.') + 1),
              "cells",
              cells));
    }
    LayerError worst =
        row.layerErrors().stream()
            .max((a, b) -> Double.compare(a.outputError(), b.outputError()))
            .orElseThrow();
    return Map.of(
        "name",
        name,
        "layers",
        List.copyOf(layers.keySet()),
        "lines",
        lines,
        "worst",
        "largest: layer "
            + worst.layer()
            + " "
            + worst.projection().name().toLowerCase(Locale.ROOT)
            + ", "
            + percent(worst.outputError())
            + " %");
  }

  private static Map<String, Object> cell(LayerError error) {
    return Map.of(
        "text",
        percent(error.outputError()),
        "level",
        level(error.outputError()),
        "title",
        "layer "
            + error.layer()
            + " "
            + error.projection().path()
            + ": output error "
            + percent(error.outputError())
            + " %, weight error "
            + percent(error.weightError())
            + " %");
  }

  /** Percent with two significant digits. */
  private static String percent(double share) {
    double percent = 100 * share;
    if (!Double.isFinite(percent)) {
      return "–";
    }
    if (percent >= 10) {
      return Figures.format("%.0f", percent);
    }
    if (percent >= 1) {
      return Figures.format("%.1f", percent);
    }
    return percent >= 0.1 ? Figures.format("%.2f", percent) : Figures.format("%.3f", percent);
  }

  /** 0 below 0.01 %, then one level per factor of the square root of 10, 8 from 31.6 % on. */
  private static int level(double share) {
    if (!(share > 1e-4)) {
      return 0;
    }
    return (int) Math.clamp(Math.floor(2 * (Math.log10(share) + 4)) + 1, 1, 8);
  }
}
