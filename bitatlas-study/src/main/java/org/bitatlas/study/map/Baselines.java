package org.bitatlas.study.map;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bitatlas.eval.CellState;
import org.bitatlas.study.ComparisonMargin;
import org.bitatlas.study.Metric;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.StudyRecipe;

/** The cells of the float models, once and again, and the comparisons with them. */
final class Baselines {
  private final List<MapRow> rows;
  private final List<List<MapCell>> cells;
  private final Map<String, List<MapCell>> again;
  private final ComparisonMargin margin;

  /**
   * Baselines of a map.
   *
   * @param rows rows, the float model of each model first
   * @param cells cells by row, then column
   * @param again by model: the cells of the float model that was run again
   */
  Baselines(
      List<MapRow> rows,
      List<List<MapCell>> cells,
      Map<String, List<MapCell>> again,
      ComparisonMargin margin) {
    this.rows = rows;
    this.cells = cells;
    this.again = again;
    this.margin = margin;
  }

  /** Cells of the float row of a model. */
  List<MapCell> of(String model) {
    for (int i = 0; i < rows.size(); i++) {
      if (rows.get(i).model().equals(model)) {
        return cells.get(i);
      }
    }
    throw new IllegalArgumentException(model);
  }

  /** Whether the first row of a model is its float model; one with guests alone has none. */
  private boolean hasFloat(String model) {
    return rows.stream()
        .filter(row -> row.model().equals(model))
        .findFirst()
        .filter(MapRow::isFloat)
        .isPresent();
  }

  /** The comparisons of a row, column by column; none for the float row. */
  List<Comparison> compared(int row) {
    List<MapCell> baseline = of(rows.get(row).model());
    boolean itself = baseline == cells.get(row) || !hasFloat(rows.get(row).model());
    List<Comparison> compared = new ArrayList<>();
    for (int column = 0; column < baseline.size(); column++) {
      compared.add(
          itself
              ? Comparison.NOT_COMPARABLE
              : comparison(
                  baseline.get(column),
                  cells.get(row).get(column),
                  noise(rows.get(row).model(), column)));
    }
    return compared;
  }

  private double noise(String model, int column) {
    List<MapCell> second = again.getOrDefault(model, List.of());
    return column < second.size()
        ? Math.abs(comparison(of(model).get(column), second.get(column), Double.NaN).delta())
        : Double.NaN;
  }

  private Comparison comparison(MapCell baseline, MapCell cell, double noise) {
    if (cell.state() != CellState.OK || baseline.state() != CellState.OK) {
      return Comparison.NOT_COMPARABLE;
    }
    double share = margin.of(cell.planned().task()) / 100;
    return switch (cell.planned().metric()) {
      case ACCURACY ->
          ItemPairs.of(baseline.samples(), cell.samples())
              .map(pairs -> PairedAccuracy.of(pairs, share, noise))
              .orElse(Comparison.NOT_COMPARABLE);
      case SPEED -> Comparison.NOT_COMPARABLE;
      case PERPLEXITY ->
          PairedLikelihoods.of(baseline.samples(), cell.samples())
              .map(likelihoods -> likelihoods.comparison(share, noise))
              .orElse(Comparison.NOT_COMPARABLE);
    };
  }

  /** All accuracy tasks of a row together. */
  PooledComparison pooled(int row) {
    String model = rows.get(row).model();
    List<MapCell> baseline = of(model);
    if (baseline == cells.get(row) || !hasFloat(model)) {
      return new PooledComparison(Comparison.NOT_COMPARABLE, 0, 0, 0);
    }
    double noise =
        again.containsKey(model)
            ? Math.abs(pooled(baseline, again.get(model), Double.NaN).comparison().delta())
            : Double.NaN;
    return pooled(baseline, cells.get(row), noise);
  }

  private PooledComparison pooled(List<MapCell> baseline, List<MapCell> own, double noise) {
    List<Map.Entry<String, ItemPairs>> parts = new ArrayList<>();
    int broken = 0;
    int missing = 0;
    for (int column = 0; column < baseline.size(); column++) {
      MapCell before = baseline.get(column);
      MapCell after = own.get(column);
      boolean asked =
          before.planned().metric() == Metric.ACCURACY
              && before.state() == CellState.OK
              && before.record().flatMap(RunRecord::uninformative).isEmpty();
      if (!asked) {
        continue;
      }
      if (after.state() == CellState.COLLAPSED || after.state() == CellState.NON_FINITE) {
        broken++;
      } else if (after.state() == CellState.OK) {
        ItemPairs.of(before.samples(), after.samples())
            .ifPresent(pairs -> parts.add(Map.entry(before.planned().task(), pairs)));
      } else {
        missing++;
      }
    }
    Comparison comparison =
        ItemPairs.joined(parts)
            .map(pairs -> PairedAccuracy.of(pairs, margin.pooled() / 100, noise))
            .orElse(Comparison.NOT_COMPARABLE);
    return new PooledComparison(comparison, parts.size(), broken, missing);
  }

  /** The float models against themselves. */
  List<NoiseFloor> noise() {
    List<NoiseFloor> floors = new ArrayList<>();
    again.forEach((model, second) -> {
      List<MapCell> baseline = of(model);
      List<Comparison> columns = new ArrayList<>();
      for (int column = 0; column < baseline.size(); column++) {
        columns.add(comparison(baseline.get(column), second.get(column), Double.NaN));
      }
      String how =
          second.stream()
              .map(MapCell::record)
              .flatMap(Optional::stream)
              .map(record -> record.inputs().getOrDefault(StudyRecipe.AGAIN_INPUT, ""))
              .filter(text -> !text.isEmpty())
              .findFirst()
              .orElse("");
      floors.add(
          new NoiseFloor(
              model, how, second, List.copyOf(columns), pooled(baseline, second, Double.NaN)));
    });
    return List.copyOf(floors);
  }
}
