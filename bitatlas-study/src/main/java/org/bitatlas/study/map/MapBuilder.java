package org.bitatlas.study.map;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import org.bitatlas.eval.CellState;
import org.bitatlas.eval.SampleRecord;
import org.bitatlas.eval.statistics.Interval;
import org.bitatlas.eval.statistics.WilsonInterval;
import org.bitatlas.scheme.ModelSize;
import org.bitatlas.study.ComparisonMargin;
import org.bitatlas.study.Metric;
import org.bitatlas.study.PlannedCell;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.RunStore;
import org.bitatlas.study.StudyRecipe;
import org.bitatlas.study.StudySpec;
import org.bitatlas.study.StudyTask;
import org.bitatlas.tensor.BitAtlasException;

/** Makes an {@link AccuracyMap} of the records of a store. */
final class MapBuilder {
  private final RunStore store;
  private final ComparisonMargin margin;

  MapBuilder(RunStore store, ComparisonMargin margin) {
    this.store = store;
    this.margin = margin;
  }

  AccuracyMap build(StudySpec spec) {
    List<PlannedCell> plan = store.plan();
    if (plan.isEmpty()) {
      throw new BitAtlasException(
          "The record store holds no study yet; run one with bitatlas study.");
    }
    List<StudyTask> columns = plan.stream().map(PlannedCell::column).distinct().toList();
    Map<String, List<PlannedCell>> byRow = new LinkedHashMap<>();
    for (PlannedCell cell : plan) {
      byRow.computeIfAbsent(cell.model() + "\n" + cell.recipe(), _ -> new ArrayList<>()).add(cell);
    }
    List<MapRow> rows = new ArrayList<>();
    List<List<MapCell>> cells = new ArrayList<>();
    Map<String, List<MapCell>> floats = new LinkedHashMap<>();
    for (List<PlannedCell> planned : byRow.values()) {
      List<MapCell> measured = planned.stream().map(this::measured).toList();
      MapRow row = row(measured);
      List<MapCell> baseline = floats.computeIfAbsent(row.model(), _ -> measured);
      List<MapCell> compared = new ArrayList<>();
      for (int i = 0; i < measured.size(); i++) {
        compared.add(compared(measured.get(i), baseline.get(i)));
      }
      rows.add(row);
      cells.add(List.copyOf(compared));
    }
    return new AccuracyMap(
        spec,
        List.copyOf(rows),
        columns,
        List.copyOf(cells),
        Averages.of(rows, cells),
        Checks.of(rows, cells, margin.points() / 100));
  }

  private MapCell measured(PlannedCell planned) {
    Optional<RunRecord> record = store.record(planned.key());
    List<SampleRecord> samples = record.isEmpty() ? List.of() : store.samples(planned.key());
    Interval interval = record.map(MapBuilder::interval).orElse(UNKNOWN);
    return new MapCell(
        planned,
        record,
        interval.low(),
        interval.high(),
        Comparison.NOT_COMPARABLE,
        Set.of(),
        samples);
  }

  private static final Interval UNKNOWN = new Interval(Double.NaN, Double.NaN);

  private static Interval interval(RunRecord record) {
    if (record.metric() == Metric.ACCURACY && record.items() > 0) {
      return WilsonInterval.of(record.correct(), record.items(), 0.95);
    }
    return UNKNOWN;
  }

  private MapRow row(List<MapCell> cells) {
    PlannedCell first = cells.getFirst().planned();
    List<RunRecord> records =
        cells.stream().map(MapCell::record).flatMap(Optional::stream).toList();
    Optional<ModelSize> size =
        records.stream().map(RunRecord::size).flatMap(Optional::stream).findFirst();
    return new MapRow(
        first.model(),
        first.recipe(),
        first.method(),
        first.bits(),
        records.isEmpty() ? new LinkedHashMap<>() : options(records.getFirst()),
        size,
        records.stream()
            .map(RunRecord::execution)
            .filter(text -> !text.isEmpty())
            .findFirst()
            .orElse(""),
        records.stream().flatMap(record -> record.notes().stream()).distinct().toList(),
        store.layerErrors(first.quantizationKey()),
        store.layerReports(first.quantizationKey()));
  }

  private static SequencedMap<String, String> options(RunRecord record) {
    SequencedMap<String, String> options = new LinkedHashMap<>();
    record
        .inputs()
        .forEach((name, value) -> {
          if (name.startsWith(StudyRecipe.INPUT_PREFIX)) {
            options.put(name.substring(StudyRecipe.INPUT_PREFIX.length()), value);
          }
        });
    return options;
  }

  private MapCell compared(MapCell cell, MapCell baseline) {
    return new MapCell(
        cell.planned(),
        cell.record(),
        cell.low(),
        cell.high(),
        cell.planned().equals(baseline.planned())
            ? Comparison.NOT_COMPARABLE
            : comparison(cell, baseline),
        flags(cell, baseline),
        cell.samples());
  }

  private Comparison comparison(MapCell cell, MapCell baseline) {
    if (cell.state() != CellState.OK || baseline.state() != CellState.OK) {
      return Comparison.NOT_COMPARABLE;
    }
    double points = margin.of(cell.planned().task()) / 100;
    return switch (cell.planned().metric()) {
      case ACCURACY ->
          PairedItems.of(baseline.samples(), cell.samples())
              .map(counts -> PairedItems.comparison(counts, points))
              .orElse(Comparison.NOT_COMPARABLE);
      case PERPLEXITY ->
          PairedLikelihoods.of(baseline.samples(), cell.samples())
              .map(likelihoods -> likelihoods.comparison(points))
              .orElse(Comparison.NOT_COMPARABLE);
    };
  }

  private static Set<Flag> flags(MapCell cell, MapCell baseline) {
    Set<Flag> flags = EnumSet.noneOf(Flag.class);
    if (cell.planned().metric() == Metric.ACCURACY) {
      if (atChance(cell)) {
        flags.add(Flag.AT_CHANCE);
      }
      if (baseline.record().flatMap(RunRecord::uninformative).isPresent()) {
        flags.add(Flag.FLOAT_UNINFORMATIVE);
      }
    }
    return Set.copyOf(flags);
  }

  private static boolean atChance(MapCell cell) {
    return cell.record()
        .filter(record -> record.state() == CellState.OK)
        .filter(record -> cell.low() <= record.chance())
        .isPresent();
  }
}
