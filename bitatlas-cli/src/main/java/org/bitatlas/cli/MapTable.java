package org.bitatlas.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.bitatlas.eval.CellState;
import org.bitatlas.eval.statistics.Verdict;
import org.bitatlas.study.Metric;
import org.bitatlas.study.StudyTask;
import org.bitatlas.study.map.AccuracyMap;
import org.bitatlas.study.map.MapCell;
import org.bitatlas.study.map.MapRow;

/**
 * The map as a table of 80 columns: recipes down, tasks across, cut into blocks where the tasks do
 * not fit side by side. A number that is worse than the float model's is marked.
 */
final class MapTable {

  private static final int COLUMN_WIDTH = 9;
  private static final String WORSE = "*";

  private final AccuracyMap map;
  private final int labelWidth;

  private MapTable(AccuracyMap map) {
    this.map = map;
    this.labelWidth =
        Math.min(24, 1 + map.rows().stream().mapToInt(row -> label(row).length()).max().orElse(1));
  }

  static List<String> lines(AccuracyMap map) {
    return new MapTable(map).lines();
  }

  private List<String> lines() {
    List<Integer> shown =
        IntStream.range(0, map.columns().size())
            .filter(column -> !isSkipped(column))
            .boxed()
            .toList();
    int perBlock = Math.max(1, (FactSheet.WIDTH - labelWidth) / COLUMN_WIDTH);
    List<String> lines = new ArrayList<>();
    for (int from = 0; from < shown.size(); from += perBlock) {
      if (from > 0) {
        lines.add("");
      }
      block(shown.subList(from, Math.min(shown.size(), from + perBlock)), lines);
    }
    for (int column = 0; column < map.columns().size(); column++) {
      if (isSkipped(column)) {
        String note =
            map.columns().get(column).label()
                + ": skipped, "
                + map.cells().getFirst().get(column).reason();
        lines.addAll(FactSheet.wrapped(note, FactSheet.WIDTH));
      }
    }
    lines.add("Accuracy in percent or perplexity; " + WORSE + " shown to be worse than float.");
    return lines;
  }

  /** Whether no row was or will be asked: the float row comes first and says so. */
  private boolean isSkipped(int column) {
    return !map.cells().isEmpty()
        && map.cells().getFirst().get(column).state() == CellState.SKIPPED;
  }

  private void block(List<Integer> columns, List<String> lines) {
    StringBuilder tasks = new StringBuilder(" ".repeat(labelWidth));
    StringBuilder modes = new StringBuilder(" ".repeat(labelWidth));
    for (int column : columns) {
      StudyTask task = map.columns().get(column);
      String[] name = task.task().replace("_nano", "").split("_", 2);
      tasks.append(right(name[0]));
      modes.append(right(name.length > 1 ? name[1] : task.mode().replace("_think", "")));
    }
    lines.add(tasks.toString().stripTrailing());
    lines.add(modes.toString().stripTrailing());
    for (int row = 0; row < map.rows().size(); row++) {
      String label = label(map.rows().get(row));
      StringBuilder line =
          new StringBuilder(
              String.format(
                  Locale.ROOT,
                  "%-" + labelWidth + "s",
                  label.length() < labelWidth ? label : label.substring(0, labelWidth - 1)));
      for (int column : columns) {
        line.append(right(value(map.cells().get(row).get(column))));
      }
      lines.add(line.toString().stripTrailing());
    }
  }

  private String label(MapRow row) {
    boolean several = map.rows().stream().map(MapRow::model).distinct().count() > 1;
    return several ? row.model() + " " + row.recipe() : row.recipe();
  }

  private static String value(MapCell cell) {
    if (cell.value().isEmpty()) {
      return cell.state() == CellState.PARTIAL
          ? "."
          : cell.state().name().toLowerCase(Locale.ROOT).replace("non_finite", "not fin.");
    }
    if (cell.planned().metric() == Metric.SPEED) {
      return String.format(Locale.ROOT, "%.1f ", cell.value().getAsDouble());
    }
    boolean perplexity = cell.planned().metric() == Metric.PERPLEXITY;
    String figure = Figures.primary(perplexity, cell.value().getAsDouble()).replace(" %", "");
    return figure + (cell.comparison().verdict() == Verdict.WORSE ? WORSE : " ");
  }

  /** Right-aligned with a space in front; cut where it is too long. */
  private static String right(String text) {
    int width = COLUMN_WIDTH - 1;
    String cut = text.length() <= width ? text : text.substring(0, width);
    return String.format(Locale.ROOT, " %" + width + "s", cut);
  }
}
