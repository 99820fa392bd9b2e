package org.bitatlas.study.map;

import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.Stream;
import org.bitatlas.eval.CellState;
import org.bitatlas.eval.SampleRecord;
import org.bitatlas.eval.statistics.ClusteredError;
import org.bitatlas.eval.statistics.Clusters;
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
    List<PlannedCell> all = Stream.concat(plan.stream(), Guests.of(store, plan).stream()).toList();
    if (all.isEmpty()) {
      throw new BitAtlasException(
          "The record store holds no study yet; run one with bitatlas study.");
    }
    List<StudyTask> columns = all.stream().map(PlannedCell::column).distinct().toList();
    Collection<List<PlannedCell>> byRow = Guests.rows(all, columns);
    List<MapRow> rows = new ArrayList<>();
    List<List<MapCell>> measured = new ArrayList<>();
    Map<String, List<MapCell>> again = new LinkedHashMap<>();
    for (List<PlannedCell> planned : byRow) {
      List<MapCell> cells = planned.stream().map(this::measured).toList();
      if (planned.getFirst().method().equals(StudyRecipe.AGAIN_LABEL)) {
        again.put(planned.getFirst().model(), cells);
      } else {
        rows.add(row(cells));
        measured.add(cells);
      }
    }
    Baselines baselines = new Baselines(rows, measured, again, margin);
    List<List<MapCell>> cells = compared(rows, measured, baselines);
    return new AccuracyMap(
        spec,
        List.copyOf(rows),
        columns,
        cells,
        Averages.of(rows, cells),
        pooled(rows, baselines),
        baselines.noise(),
        DecodingReading.of(rows, columns, cells),
        Checks.of(rows, cells, margin.points() / 100),
        MapSpeed.of(store));
  }

  private static List<List<MapCell>> compared(
      List<MapRow> rows, List<List<MapCell>> measured, Baselines baselines) {
    List<List<Comparison>> alone = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      alone.add(baselines.compared(i));
    }
    List<List<Comparison>> adjusted = Family.adjusted(alone);
    List<List<MapCell>> cells = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      List<MapCell> baseline = baselines.of(rows.get(i).model());
      List<MapCell> line = new ArrayList<>();
      for (int j = 0; j < baseline.size(); j++) {
        MapCell cell = measured.get(i).get(j);
        line.add(
            cell.with(
                adjusted.get(i).get(j),
                flags(cell, baseline.get(j)),
                CollapseMeasures.of(baseline.get(j).samples(), cell.samples())));
      }
      cells.add(List.copyOf(line));
    }
    return List.copyOf(cells);
  }

  private static List<PooledComparison> pooled(List<MapRow> rows, Baselines baselines) {
    List<PooledComparison> alone = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      alone.add(baselines.pooled(i));
    }
    List<List<Comparison>> adjusted =
        Family.adjusted(List.of(alone.stream().map(PooledComparison::comparison).toList()));
    List<PooledComparison> pooled = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      PooledComparison own = alone.get(i);
      pooled.add(
          new PooledComparison(
              adjusted.getFirst().get(i), own.tasks(), own.broken(), own.missing()));
    }
    return List.copyOf(pooled);
  }

  private MapCell measured(PlannedCell planned) {
    Optional<RunRecord> record = store.record(planned.key());
    List<SampleRecord> samples = record.isEmpty() ? List.of() : store.samples(planned.key());
    Interval interval = record.map(known -> interval(known, samples)).orElse(UNKNOWN);
    return new MapCell(
        planned,
        record,
        interval.low(),
        interval.high(),
        Comparison.NOT_COMPARABLE,
        Set.of(),
        samples,
        Optional.empty());
  }

  private static final Interval UNKNOWN = new Interval(Double.NaN, Double.NaN);

  private static Interval interval(RunRecord record, List<SampleRecord> samples) {
    if (record.metric() != Metric.ACCURACY || record.items() == 0) {
      return UNKNOWN;
    }
    if (samples.size() != record.items()) {
      return WilsonInterval.of(record.correct(), record.items(), 0.95);
    }
    return ClusteredError.ofShare(
        ItemPairs.scores(samples),
        Clusters.of(samples.stream().map(SampleRecord::unit).toList()),
        0.95);
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
