package org.bitatlas.study.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bitatlas.eval.CellState;
import org.bitatlas.scheme.ModelSize;
import org.bitatlas.study.Metric;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.StudyTask;
import org.bitatlas.study.map.AccuracyMap;
import org.bitatlas.study.map.Check;
import org.bitatlas.study.map.Comparison;
import org.bitatlas.study.map.Flag;
import org.bitatlas.study.map.MapAverage;
import org.bitatlas.study.map.MapCell;
import org.bitatlas.study.map.MapRow;

/** The map as the values the page's template prints: plain texts, escaped by the template. */
final class PageView {
  private final AccuracyMap map;
  private final Conclusions conclusions;
  private final boolean severalModels;

  PageView(AccuracyMap map, Conclusions conclusions) {
    this.map = map;
    this.conclusions = conclusions;
    this.severalModels = map.rows().stream().map(MapRow::model).distinct().count() > 1;
  }

  Map<String, Object> values() {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("study", map.spec().name());
    values.put("summary", summary());
    values.put("facts", facts());
    values.put("headlines", Headline.of(map));
    values.put("speeds", SpeedView.of(map));
    values.put("targets", TargetView.of(conclusions.targets(), severalModels));
    values.put("platforms", PlatformView.of(conclusions.rankings()));
    values.put("findings", FindingView.of(conclusions.findings()));
    values.put("checks", map.checks().stream().map(PageView::check).toList());
    values.put("margin", Figures.format("%.1f", map.spec().margin().points()));
    values.put("columns", map.columns().stream().map(PageView::column).toList());
    List<Object> rows = new ArrayList<>();
    for (int i = 0; i < map.rows().size(); i++) {
      rows.add(row(i));
    }
    values.put("rows", rows);
    VerdictView verdicts = new VerdictView(map);
    values.put("pooled", verdicts.pooled());
    values.put("pooledMargin", Figures.format("%.1f", map.spec().margin().pooled()));
    values.put(
        "noise",
        map.noise().stream()
            .map(floor ->
                Map.of(
                    "model",
                    severalModels ? floor.model() : "",
                    "how",
                    floor.how(),
                    "lines",
                    verdicts.noise(floor)))
            .toList());
    values.put("decodings", DecodingView.of(map));
    values.put("collapses", CollapseView.of(map));
    values.put("distances", DistanceView.of(map));
    values.put("strips", LayerStrip.of(map.rows(), this::name));
    values.put("measures", LayerStrip.meanings(map.rows()));
    values.put("recipes", RecipeTable.of(map.rows(), this::name));
    values.put("checkpoints", CheckpointTable.of(map.rows(), this::name));
    return values;
  }

  private String summary() {
    long recipes = map.rows().stream().filter(row -> !row.isFloat()).count();
    String models = String.join(", ", map.rows().stream().map(MapRow::model).distinct().toList());
    return models + ": float and " + recipes + " recipes on " + map.columns().size() + " tasks";
  }

  private List<Map<String, String>> facts() {
    List<Map<String, String>> facts = new ArrayList<>();
    RunFacts.of(map)
        .lines()
        .forEach((name, value) -> facts.add(Map.of("name", name, "value", value)));
    return facts;
  }

  private static Map<String, String> check(Check check) {
    return switch (check.answer()) {
      case YES -> check(check, "yes", "yes");
      case NO -> check(check, "no", "no");
      case NOT_ENOUGH_DATA -> check(check, "open", "not enough data");
    };
  }

  private static Map<String, String> check(Check check, String kind, String answer) {
    return Map.of(
        "statement",
        check.statement(),
        "kind",
        kind,
        "answer",
        answer,
        "numbers",
        Figures.withMinus(check.numbers()));
  }

  private static Map<String, String> column(StudyTask column) {
    return Map.of(
        "task", column.task(), "mode", column.manner().replace('_', ' '), "label", column.label());
  }

  private String name(MapRow row) {
    return severalModels ? row.model() + " " + row.recipe() : row.recipe();
  }

  private Map<String, Object> row(int index) {
    MapRow row = map.rows().get(index);
    MapAverage average = map.averages().get(index);
    Optional<ModelSize> size = row.size();
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("name", name(row));
    view.put("first", index > 0 && !row.method().equals(map.rows().get(index - 1).method()));
    view.put("mean", Figures.percent(average.mean().orElse(Double.NaN)));
    view.put(
        "interval",
        average.cells() == 0
            ? ""
            : Figures.percent(average.low()) + " – " + Figures.percent(average.high()));
    view.put("cellsInMean", average.cells());
    view.put("leftOut", average.leftOut());
    view.put("front", average.onFront());
    view.put("size", size.map(s -> Figures.bytes(s.wholeModelBytes())).orElse("–"));
    view.put("linear", size.map(s -> Figures.bytes(s.linearBytes())).orElse("–"));
    view.put("bits", size.map(s -> Figures.format("%.2f", s.storedBitsPerWeight())).orElse("–"));
    view.put("notes", row.notes());
    List<Object> cells = new ArrayList<>();
    for (int column = 0; column < map.columns().size(); column++) {
      cells.add(cell(index, column, name(row)));
    }
    view.put("cells", cells);
    return view;
  }

  private Map<String, Object> cell(int row, int column, String name) {
    MapCell cell = map.cells().get(row).get(column);
    Comparison comparison = cell.comparison();
    Metric metric = cell.planned().metric();
    boolean ok = cell.state() == CellState.OK;
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("id", row + "-" + column);
    view.put("row", name);
    view.put("task", cell.planned().column().label());
    view.put("ok", ok);
    view.put("state", cell.record().isEmpty() ? "NOT RUN" : cell.state().toString());
    view.put("reason", ok ? "" : cell.reason());
    view.put("value", Figures.primary(cell));
    view.put("interval", Figures.interval(cell));
    view.put(
        "delta", Double.isNaN(comparison.delta()) ? "" : Figures.delta(metric, comparison.delta()));
    view.put("deltaInterval", Figures.deltaInterval(metric, comparison));
    view.put("verdict", comparison.made() ? VerdictView.words(comparison) : "");
    view.put("mark", mark(comparison));
    view.put("shade", shade(cell));
    view.put("pValue", Figures.pValue(comparison.pValue()));
    boolean paired = metric == Metric.ACCURACY && comparison.made();
    view.put("flips", paired ? VerdictView.flips(comparison) : "–");
    view.put("churned", paired ? Integer.toString(comparison.churned()) : "–");
    view.put("holm", Figures.pValue(comparison.significance().adjusted()));
    view.put("keeps", VerdictView.keeps(comparison));
    view.put("detectable", VerdictView.detectable(metric, comparison));
    view.put("rate", cell.record().map(r -> Figures.rate(r.itemsPerSecond())).orElse("–"));
    view.put("flags", cell.flags().stream().sorted().map(PageView::words).toList());
    view.put("asked", cell.record().map(PageView::items).orElse("0"));
    view.put("seconds", cell.record().map(r -> Figures.seconds(r.seconds())).orElse("–"));
    view.put("tokens", cell.record().map(RunRecord::generatedTokens).orElse(0L));
    view.put("key", cell.planned().key().substring(0, Math.min(12, cell.planned().key().length())));
    view.put("metrics", metrics(cell));
    view.put("samples", !cell.samples().isEmpty());
    return view;
  }

  private static String items(RunRecord record) {
    return record.items() == record.plannedItems()
        ? Integer.toString(record.items())
        : record.items() + " of " + record.plannedItems();
  }

  private static List<String> metrics(MapCell cell) {
    List<String> metrics = new ArrayList<>();
    cell.record()
        .ifPresent(record ->
            record.metrics().forEach((name, value) -> metrics.add(name + " " + number(value))));
    return metrics;
  }

  private static String number(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e9
        ? Figures.format("%.0f", value)
        : Figures.format("%.4g", value);
  }

  private static String mark(Comparison comparison) {
    return switch (comparison.verdict()) {
      case NON_INFERIOR -> "=";
      case WORSE -> "▼";
      case INCONCLUSIVE -> "?";
      case NOT_COMPARABLE -> "";
    };
  }

  private static String words(Flag flag) {
    return switch (flag) {
      case AT_CHANCE -> "at chance";
      case FLOAT_UNINFORMATIVE -> "float uninformative";
    };
  }

  /** Class of the cell's colour: how much is lost, in points of accuracy or of ln perplexity. */
  private static String shade(MapCell cell) {
    if (cell.state() != CellState.OK) {
      return switch (cell.state()) {
        case COLLAPSED, NON_FINITE -> "broken";
        case OK, PARTIAL, SKIPPED, FAILED -> "absent";
      };
    }
    double delta = cell.comparison().delta();
    if (Double.isNaN(delta)) {
      return "base";
    }
    double loss = cell.planned().metric() == Metric.ACCURACY ? -100 * delta : 100 * delta;
    if (loss < -1) {
      return "gain";
    }
    double[] steps = {1, 3, 10, 30};
    int level = 0;
    while (level < steps.length && loss >= steps[level]) {
      level++;
    }
    return "loss" + level;
  }
}
