package org.bitatlas.study.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.bitatlas.eval.statistics.Verdict;
import org.bitatlas.study.Metric;
import org.bitatlas.study.map.AccuracyMap;
import org.bitatlas.study.map.Comparison;
import org.bitatlas.study.map.MapRow;
import org.bitatlas.study.map.PooledComparison;

/**
 * What to use, in a sentence for each model: the smallest setting that the records show to be as
 * good as float over all tasks together, and why not the next smaller one.
 */
final class Headline {
  private final AccuracyMap map;

  private Headline(AccuracyMap map) {
    this.map = map;
  }

  /**
   * One entry per model that has a float row: {@code model}, {@code answer}, {@code evidence} over
   * all tasks together, {@code byTask} for each of them.
   */
  static List<Map<String, String>> of(AccuracyMap map) {
    List<Map<String, String>> all = new ArrayList<>();
    for (String model : map.rows().stream().map(MapRow::model).distinct().toList()) {
      new Headline(map).of(model).ifPresent(all::add);
    }
    return all;
  }

  private Optional<Map<String, String>> of(String model) {
    Optional<MapRow> base =
        map.rows().stream().filter(row -> row.isFloat() && row.model().equals(model)).findFirst();
    List<Integer> bySize =
        IntStream.range(0, map.rows().size())
            .filter(i -> map.rows().get(i).model().equals(model))
            .filter(i -> !map.rows().get(i).isFloat() && !map.rows().get(i).isForeign())
            .filter(i -> map.rows().get(i).size().isPresent())
            .boxed()
            .sorted(Comparator.comparingLong(this::bytes))
            .toList();
    if (base.isEmpty() || bySize.isEmpty()) {
      return Optional.empty();
    }
    Optional<Integer> best = bySize.stream().filter(this::shown).findFirst();
    Map<String, String> entry = new LinkedHashMap<>();
    entry.put("model", model);
    entry.put("byTask", new ByTask(map, map.rows().indexOf(base.get())).sentence(bySize));
    if (best.isEmpty()) {
      entry.put("answer", "No setting is shown to be as good as float.");
      entry.put("evidence", closest(bySize));
      entry.put("row", "");
      return Optional.of(entry);
    }
    int row = best.get();
    long before = base.get().size().map(size -> size.wholeModelBytes()).orElse(0L);
    entry.put("answer", "Use " + map.rows().get(row).recipe() + ".");
    entry.put(
        "evidence",
        Figures.format(
                "%s in place of %s (linear layers %s). ",
                Figures.bytes(bytes(row)),
                before == 0 ? "?" : Figures.bytes(before),
                Figures.bytes(linear(row)))
            + evidence(row)
            + smaller(bySize, row));
    entry.put("row", Integer.toString(row));
    return Optional.of(entry);
  }

  private long bytes(int row) {
    return map.rows().get(row).size().orElseThrow().wholeModelBytes();
  }

  private long linear(int row) {
    return map.rows().get(row).size().orElseThrow().linearBytes();
  }

  /** Non-inferior over all tasks, with none broken, missing or shown to be worse. */
  private boolean shown(int row) {
    PooledComparison pooled = map.pooled().get(row);
    return pooled.broken() == 0
        && pooled.missing() == 0
        && pooled.comparison().verdict() == Verdict.NON_INFERIOR
        && map.cells().get(row).stream()
            .noneMatch(cell -> cell.comparison().verdict() == Verdict.WORSE);
  }

  private String evidence(int row) {
    PooledComparison pooled = map.pooled().get(row);
    Comparison comparison = pooled.comparison();
    return Figures.format(
        "Over %d tasks and %d paired answers it is %s points from float, 95 %% interval %s, within"
            + " the margin of %.1f chosen beforehand; no task is shown to be worse.",
        pooled.tasks(),
        comparison.items(),
        Figures.delta(Metric.ACCURACY, comparison.delta()),
        Figures.deltaInterval(Metric.ACCURACY, comparison),
        map.spec().margin().pooled());
  }

  private String smaller(List<Integer> bySize, int row) {
    int place = bySize.indexOf(row);
    if (place == 0) {
      return " Nothing smaller was tried.";
    }
    int next = bySize.get(place - 1);
    return Figures.format(
        " The next smaller one, %s (%s), is not: %s.",
        map.rows().get(next).recipe(), Figures.bytes(bytes(next)), why(next));
  }

  /** Why a row is not shown to be as good as float. */
  private String why(int row) {
    PooledComparison pooled = map.pooled().get(row);
    if (pooled.broken() > 0) {
      return pooled.broken() + (pooled.broken() == 1 ? " task" : " tasks") + " broken";
    }
    if (pooled.missing() > 0) {
      return pooled.missing() + " of its tasks were not measured";
    }
    List<String> worse = new ArrayList<>();
    for (int column = 0; column < map.columns().size(); column++) {
      if (map.cells().get(row).get(column).comparison().verdict() == Verdict.WORSE) {
        worse.add(map.columns().get(column).label());
      }
    }
    Comparison comparison = pooled.comparison();
    String points =
        Figures.delta(Metric.ACCURACY, comparison.delta())
            + " points "
            + Figures.deltaInterval(Metric.ACCURACY, comparison);
    if (!worse.isEmpty()) {
      return points
          + ", worse on "
          + String.join(", ", worse.subList(0, Math.min(3, worse.size())))
          + (worse.size() > 3 ? " and " + (worse.size() - 3) + " more" : "");
    }
    return points + ", " + Figures.words(comparison.verdict());
  }

  private String closest(List<Integer> bySize) {
    return bySize.stream()
        .filter(row -> map.pooled().get(row).comparison().made())
        .max(Comparator.comparingDouble(row -> map.pooled().get(row).comparison().low()))
        .map(row ->
            "Closest is "
                + map.rows().get(row).recipe()
                + ": "
                + why(row)
                + ". More items, or a wider margin chosen beforehand, would decide it.")
        .orElse("No setting has a task in common with float yet.");
  }
}
