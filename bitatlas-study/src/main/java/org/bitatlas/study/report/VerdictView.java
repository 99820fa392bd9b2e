package org.bitatlas.study.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.bitatlas.study.Metric;
import org.bitatlas.study.map.AccuracyMap;
import org.bitatlas.study.map.Comparison;
import org.bitatlas.study.map.MapCell;
import org.bitatlas.study.map.MapRow;
import org.bitatlas.study.map.NoiseFloor;
import org.bitatlas.study.map.PooledComparison;

/** The verdict of every row over all its tasks, and the noise that a difference has to exceed. */
final class VerdictView {
  private final AccuracyMap map;

  VerdictView(AccuracyMap map) {
    this.map = map;
  }

  /** One line per quantized row: names of the columns and their texts. */
  List<SequencedMap<String, String>> pooled() {
    List<SequencedMap<String, String>> lines = new ArrayList<>();
    for (int i = 0; i < map.rows().size(); i++) {
      if (!map.rows().get(i).isFloat()) {
        lines.add(pooled(name(map.rows().get(i)), map.pooled().get(i)));
      }
    }
    return lines;
  }

  private static SequencedMap<String, String> pooled(String name, PooledComparison pooled) {
    Comparison comparison = pooled.comparison();
    SequencedMap<String, String> line = new LinkedHashMap<>();
    line.put("name", name);
    line.put("tasks", Integer.toString(pooled.tasks()));
    line.put("items", comparison.items() + " / " + comparison.units());
    line.put("delta", Figures.delta(Metric.ACCURACY, comparison.delta()));
    line.put("interval", Figures.deltaInterval(Metric.ACCURACY, comparison));
    line.put("flips", flips(comparison));
    line.put("churned", comparison.made() ? Integer.toString(comparison.churned()) : "–");
    line.put("holm", Figures.pValue(comparison.significance().adjusted()));
    line.put("keeps", keeps(comparison));
    line.put("detectable", detectable(Metric.ACCURACY, comparison));
    line.put("verdict", verdict(pooled));
    return line;
  }

  /** A row that broke a task is not judged by the others. */
  private static String verdict(PooledComparison pooled) {
    if (pooled.broken() > 0) {
      return pooled.broken() + (pooled.broken() == 1 ? " task" : " tasks") + " broken";
    }
    String words = words(pooled.comparison());
    return pooled.missing() > 0 ? words + ", " + pooled.missing() + " missing" : words;
  }

  /** The verdict, and what it would be alone where the other comparisons changed it. */
  static String words(Comparison comparison) {
    String words = Figures.words(comparison.verdict());
    boolean changed = comparison.verdict() != comparison.significance().alone();
    return changed
        ? words + " (alone: " + Figures.words(comparison.significance().alone()) + ")"
        : words;
  }

  /** One line per column in which the float model was asked twice. */
  List<SequencedMap<String, String>> noise(NoiseFloor floor) {
    List<SequencedMap<String, String>> lines = new ArrayList<>();
    for (int column = 0; column < floor.columns().size(); column++) {
      Comparison comparison = floor.columns().get(column);
      if (comparison.made()) {
        MapCell cell = map.cells().getFirst().get(column);
        lines.add(noise(map.columns().get(column).label(), cell.planned().metric(), comparison));
      }
    }
    if (floor.pooled().comparison().made()) {
      lines.add(noise("all accuracy tasks", Metric.ACCURACY, floor.pooled().comparison()));
    }
    return lines;
  }

  private static SequencedMap<String, String> noise(
      String task, Metric metric, Comparison comparison) {
    SequencedMap<String, String> line = new LinkedHashMap<>();
    line.put("task", task);
    line.put("items", Integer.toString(comparison.items()));
    line.put("flips", metric == Metric.ACCURACY ? flips(comparison) : "–");
    line.put("churned", metric == Metric.ACCURACY ? Integer.toString(comparison.churned()) : "–");
    line.put("delta", fine(metric, comparison.delta()));
    return line;
  }

  /** A difference that may be very small. */
  private static String fine(Metric metric, double delta) {
    return metric == Metric.ACCURACY
        ? Figures.delta(metric, delta)
        : Figures.format(
                Math.abs(delta) < 1e-6 && delta != 0 ? "%+.1e %%" : "%+.4f %%",
                100 * Math.expm1(delta))
            .replace('-', '−');
  }

  static String flips(Comparison comparison) {
    return comparison.made() ? "−" + comparison.broken() + " / +" + comparison.repaired() : "–";
  }

  /** Percent of float's accuracy, and the one-sided lower bound of it. */
  static String keeps(Comparison comparison) {
    return Double.isNaN(comparison.ratio().value())
        ? "–"
        : Figures.percent(comparison.ratio().value())
            + " ≥ "
            + Figures.percent(comparison.ratio().low());
  }

  static String detectable(Metric metric, Comparison comparison) {
    if (!comparison.made()) {
      return "–";
    }
    double shown =
        metric == Metric.ACCURACY
            ? 100 * comparison.detectable()
            : 100 * Math.expm1(comparison.detectable());
    return Figures.format(shown < 0.095 ? "%.2f" : "%.1f", shown)
        + (metric == Metric.PERPLEXITY ? " %" : "");
  }

  private String name(MapRow row) {
    boolean several = map.rows().stream().map(MapRow::model).distinct().count() > 1;
    return several ? row.model() + " " + row.recipe() : row.recipe();
  }
}
