package org.bitatlas.study.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.StudyRecipe;
import org.bitatlas.study.map.AccuracyMap;
import org.bitatlas.study.map.Comparison;
import org.bitatlas.study.map.MapCell;
import org.bitatlas.study.map.MapRow;
import org.bitatlas.study.map.NoiseFloor;

/** How far each row's predictions of a text are from those of float, token by token. */
final class DistanceView {
  private DistanceView() {}

  /** One line per row and text, and one for float against itself. */
  static List<SequencedMap<String, String>> of(AccuracyMap map) {
    List<SequencedMap<String, String>> lines = new ArrayList<>();
    for (int column = 0; column < map.columns().size(); column++) {
      for (NoiseFloor floor : map.noise()) {
        add(lines, StudyRecipe.AGAIN_LABEL, floor.cells().get(column), floor.columns().get(column));
      }
      for (int row = 0; row < map.rows().size(); row++) {
        MapCell cell = map.cells().get(row).get(column);
        add(lines, name(map, map.rows().get(row)), cell, cell.comparison());
      }
    }
    return lines;
  }

  private static void add(
      List<SequencedMap<String, String>> lines, String name, MapCell cell, Comparison comparison) {
    if (cell.record().filter(record -> record.metrics().containsKey("kl_mean")).isEmpty()) {
      return;
    }
    RunRecord record = cell.record().get();
    SequencedMap<String, String> line = new LinkedHashMap<>();
    line.put("name", name);
    line.put("task", cell.planned().column().label());
    line.put("mean", number(record, "kl_mean") + " ± " + number(record, "kl_stderr"));
    line.put("median", number(record, "kl_median"));
    line.put("p95", number(record, "kl_p95"));
    line.put("p99", number(record, "kl_p99"));
    line.put("p999", number(record, "kl_p999"));
    line.put("max", number(record, "kl_max"));
    line.put("top", Figures.format("%.2f", 100 * value(record, "top1_agreement")));
    line.put("rms", Figures.format("%.2f", 100 * value(record, "dp_rms")));
    line.put("low", signed(value(record, "dp_p1")));
    line.put("high", signed(value(record, "dp_p99")));
    line.put(
        "ratio",
        comparison.made()
            ? Figures.format("%+.4f", comparison.delta()).replace('-', '−')
                + " ± "
                + Figures.format(
                    "%.4f", (comparison.high() - comparison.low()) / (2 * 1.959963984540054))
            : "–");
    lines.add(line);
  }

  private static double value(RunRecord record, String metric) {
    return record.metrics().getOrDefault(metric, Double.NaN);
  }

  private static String number(RunRecord record, String metric) {
    double value = value(record, metric);
    return value != 0 && Math.abs(value) < 0.0005
        ? Figures.format("%.1e", value)
        : Figures.format(Math.abs(value) < 10 ? "%.4f" : "%.1f", value);
  }

  private static String signed(double share) {
    return Figures.format("%+.2f", 100 * share).replace('-', '−');
  }

  private static String name(AccuracyMap map, MapRow row) {
    boolean several = map.rows().stream().map(MapRow::model).distinct().count() > 1;
    return several ? row.model() + " " + row.recipe() : row.recipe();
  }
}
