package org.bitatlas.study.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.bitatlas.study.Metric;
import org.bitatlas.study.map.AccuracyMap;
import org.bitatlas.study.map.MapCell;
import org.bitatlas.study.recommendation.Candidate.Failure;
import org.bitatlas.study.recommendation.Qualification;

/**
 * The answer of a model's rows by the test that the command {@code recommend} uses, before any
 * target: each task for itself, in place of all together.
 */
final class ByTask {
  private final AccuracyMap map;
  private final List<Integer> columns = new ArrayList<>();

  /** A row, and what it fails. */
  private record Row(int row, List<Failure> failures) {}

  /**
   * The tasks that float says something about.
   *
   * @param base row of the float model
   */
  ByTask(AccuracyMap map, int base) {
    this.map = map;
    List<MapCell> floats = map.cells().get(base);
    for (int column = 0; column < floats.size(); column++) {
      if (floats.get(column).planned().metric() == Metric.ACCURACY
          && Qualification.useless(floats.get(column)).isEmpty()) {
        columns.add(column);
      }
    }
  }

  /**
   * In a sentence which row qualifies on every task.
   *
   * @param bySize the model's rows, smallest first
   */
  String sentence(List<Integer> bySize) {
    String asked =
        Figures.format(
            "Each of %d tasks for itself, as the command recommend asks (a drop of %.1f points)",
            columns.size(), map.spec().margin().points());
    if (columns.isEmpty()) {
      return "No task that float can do decides for itself.";
    }
    List<Row> rows = bySize.stream().map(this::row).toList();
    Optional<Row> smallest = rows.stream().filter(row -> row.failures().isEmpty()).findFirst();
    if (smallest.isPresent()) {
      return asked
          + ": the smallest that qualifies is "
          + map.rows().get(smallest.get().row()).recipe()
          + ".";
    }
    Row closest =
        rows.stream().min(Comparator.comparingInt(row -> row.failures().size())).orElseThrow();
    return asked
        + ": none qualifies; "
        + map.rows().get(closest.row()).recipe()
        + " misses least, "
        + closest.failures().size()
        + (closest.failures().size() == 1 ? " task: " : " tasks, first ")
        + Figures.withMinus(closest.failures().getFirst().words())
        + ".";
  }

  private Row row(int row) {
    double drop = map.spec().margin().points() / 100;
    List<Failure> failures = new ArrayList<>();
    for (int column : columns) {
      Qualification.failure(map.cells().get(row).get(column), drop).ifPresent(failures::add);
    }
    return new Row(row, failures);
  }
}
