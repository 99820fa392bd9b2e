package org.bitatlas.study.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bitatlas.eval.CellState;
import org.bitatlas.scheme.ModelSize;
import org.bitatlas.study.findings.Finding;
import org.bitatlas.study.map.AccuracyMap;
import org.bitatlas.study.map.Check;
import org.bitatlas.study.map.Flag;
import org.bitatlas.study.map.MapAverage;
import org.bitatlas.study.map.MapCell;
import org.bitatlas.study.map.MapRow;
import org.bitatlas.study.map.NoiseFloor;
import org.bitatlas.study.platform.PlatformMarkdown;

/** The map as Markdown, for terminals and README files: lines of at most 100 characters. */
final class MarkdownReport {
  /** Columns of a table besides the first, so that a row stays within the line length. */
  private static final int COLUMNS = 5;

  private final AccuracyMap map;
  private static final String TARGETS =
      "The answer of the command recommend for all tasks and modes within the margin and all the"
          + " memory of the target. Accuracy was measured in this study, the task nearest to the"
          + " margin is shown; memory is predicted, and so is speed where it does not say measured."
          + " Nothing ran on an NPU.";

  private final Conclusions conclusions;
  private final StringBuilder out = new StringBuilder();

  private MarkdownReport(AccuracyMap map, Conclusions conclusions) {
    this.map = map;
    this.conclusions = conclusions;
  }

  static String of(AccuracyMap map, Conclusions conclusions) {
    return new MarkdownReport(map, conclusions).text();
  }

  private String text() {
    out.append("# Accuracy map: ").append(escape(map.spec().name())).append("\n\n");
    RunFacts facts = RunFacts.of(map);
    facts
        .lines()
        .forEach(
            (name, value) -> out.append(wrapped("- " + escape(name) + ": " + escape(value), "  ")));
    findings();
    checks();
    averages();
    verdicts();
    distances();
    decodings();
    collapses();
    for (int from = 0; from < map.columns().size(); from += COLUMNS) {
      heatMap(from, Math.min(map.columns().size(), from + COLUMNS));
    }
    targets();
    out.append(PlatformMarkdown.of(conclusions.rankings()));
    recipes();
    checkpoints();
    reasons();
    out.append('\n')
        .append(
            wrapped(
                "Accuracies are percent with the difference to float in points; perplexity with"
                    + " the difference in percent. = non-inferior, < worse (after Holm over all"
                    + " cells), ? inconclusive against the margin of "
                    + Figures.format("%.1f", map.spec().margin().points())
                    + " points. Only OK cells enter the mean.",
                ""));
    return out.toString();
  }

  private void targets() {
    if (conclusions.targets().isEmpty()) {
      return;
    }
    out.append("\n## What to use on which machine\n\n")
        .append(wrapped(TARGETS, ""))
        .append(
            "\n"
                + "| target | model | use | served by | accuracy to float, points | memory |"
                + " decoding |\n")
        .append("|:--|:--|:--|:--|:--|:--|:--|\n");
    for (Map<String, String> line : TargetView.of(conclusions.targets(), true)) {
      out.append('|');
      for (String name :
          List.of("target", "model", "use", "served", "accuracy", "memory", "speed")) {
        out.append(' ').append(escape(line.getOrDefault(name, ""))).append(" |");
      }
      out.append('\n');
    }
  }

  private void findings() {
    out.append("\n## Findings of the papers\n\n");
    for (Finding finding : conclusions.findings()) {
      out.append(
          wrapped(
              "- "
                  + finding.statement()
                  + ": **"
                  + Figures.words(finding.answer())
                  + "**. "
                  + escape(finding.sentence())
                  + escape(FindingView.missing(finding))
                  + " (arXiv "
                  + finding.source()
                  + FindingView.records(finding)
                  + ")",
              "  "));
    }
  }

  private void checks() {
    out.append("\n## Checks\n\n");
    for (Check check : map.checks()) {
      out.append(
          wrapped(
              "- "
                  + check.statement()
                  + ": **"
                  + Figures.words(check.answer())
                  + "** ("
                  + check.numbers()
                  + ")",
              "  "));
    }
  }

  private void averages() {
    out.append("\n## Accuracy against memory\n\n");
    List<List<String>> table = new ArrayList<>();
    table.add(List.of("model", "mean", "95 %", "cells", "out", "whole", "linear", "bits", "front"));
    for (int i = 0; i < map.rows().size(); i++) {
      MapAverage average = map.averages().get(i);
      Optional<ModelSize> size = map.rows().get(i).size();
      table.add(
          List.of(
              rowName(map.rows().get(i)),
              Figures.percent(average.mean().orElse(Double.NaN)),
              average.cells() == 0
                  ? ""
                  : Figures.percent(average.low()) + " – " + Figures.percent(average.high()),
              Integer.toString(average.cells()),
              Integer.toString(average.leftOut()),
              size.map(s -> Figures.bytes(s.wholeModelBytes())).orElse(""),
              size.map(s -> Figures.bytes(s.linearBytes())).orElse(""),
              size.map(s -> Figures.format("%.2f", s.storedBitsPerWeight())).orElse(""),
              average.onFront() ? "yes" : ""));
    }
    table(table);
    out.append('\n')
        .append(
            wrapped(
                "out: broken cells left out of the mean. whole, linear: bytes as stored of the"
                    + " whole model and of its linear layers. bits: per weight of the linear"
                    + " layers.",
                ""));
  }

  private void verdicts() {
    VerdictView view = new VerdictView(map);
    if (!view.pooled().isEmpty()) {
      out.append("\n## Verdict over all tasks\n\n");
      table(
          List.of("model", "points", "95 %", "keeps %", "finds", "p Holm", "verdict"),
          List.of("name", "delta", "interval", "keeps", "detectable", "holm", "verdict"),
          view.pooled());
    }
    for (NoiseFloor floor : map.noise()) {
      List<String> parts =
          view.noise(floor).stream()
              .map(line ->
                  line.get("task") + " " + line.get("delta") + " (" + line.get("flips") + ")")
              .toList();
      if (!parts.isEmpty()) {
        out.append('\n')
            .append(
                wrapped(
                    "Float against itself, "
                        + escape(floor.how())
                        + ": "
                        + escape(String.join(", ", parts))
                        + ".",
                    ""));
      }
    }
  }

  private void distances() {
    List<? extends Map<String, String>> lines = DistanceView.of(map);
    if (lines.isEmpty()) {
      return;
    }
    out.append("\n## Distance to float, token by token\n\n");
    table(
        List.of("model", "text", "KL, nats", "p99", "top 1 %", "dp RMS %", "ln PPL ratio"),
        List.of("name", "task", "mean", "p99", "top", "rms", "ratio"),
        lines);
  }

  /** A line for each of {@code lines}, with the values that they have under some keys. */
  private void table(
      List<String> titles, List<String> keys, List<? extends Map<String, String>> lines) {
    List<List<String>> table = new ArrayList<>();
    table.add(titles);
    for (Map<String, String> line : lines) {
      table.add(keys.stream().map(key -> escape(line.getOrDefault(key, ""))).toList());
    }
    table(table);
  }

  private void decodings() {
    List<Map<String, String>> lines = DecodingView.of(map);
    if (!lines.isEmpty()) {
      out.append("\n## Damaged model or unlucky decoder\n\n");
    }
    for (Map<String, String> line : lines) {
      String text =
          "- "
              + line.get("name")
              + ", "
              + line.get("task")
              + ": **"
              + line.get("conclusion")
              + "** ("
              + line.get("decodings")
              + ")";
      out.append(wrapped(text, "  "));
    }
  }

  private void collapses() {
    List<? extends Map<String, String>> lines =
        CollapseView.of(map).stream()
            .filter(line ->
                !line.getOrDefault("rate", "").equals("0.0")
                    || !List.of("1.00", "–").contains(line.getOrDefault("right", "")))
            .toList();
    if (lines.isEmpty()) {
      return;
    }
    out.append("\n## How replies break down\n\n");
    table(
        List.of("model", "task", "collapse %", "p", "length", "95 %", "lost %"),
        List.of("name", "task", "rate", "p", "length", "long", "lost"),
        lines);
  }

  private void recipes() {
    List<Map<String, String>> recipes = RecipeTable.of(map.rows(), this::rowName);
    if (recipes.isEmpty()) {
      return;
    }
    out.append("\n## Recipes\n\n");
    List<List<String>> table = new ArrayList<>();
    table.add(List.of("model", "method", "profile", "quirks", "position"));
    for (Map<String, String> recipe : recipes) {
      List<String> line = new ArrayList<>(List.of(recipe.getOrDefault("name", "")));
      table.getFirst().stream()
          .skip(1)
          .forEach(column -> line.add(escape(recipe.getOrDefault(column, ""))));
      table.add(line);
    }
    table(table);
  }

  private void checkpoints() {
    List<Map<String, String>> lines = CheckpointTable.of(map.rows(), this::rowName);
    if (lines.isEmpty()) {
      return;
    }
    out.append("\n## Checkpoints that were there\n\n");
    List<List<String>> table = new ArrayList<>();
    table.add(List.of("model", "layers as they were read"));
    for (Map<String, String> line : lines) {
      table.add(List.of(line.getOrDefault("name", ""), escape(line.getOrDefault("layers", ""))));
    }
    table(table);
  }

  private void heatMap(int from, int to) {
    out.append("\n## ")
        .append(from == 0 ? "Every task against float" : "Every task against float, continued")
        .append("\n\n");
    List<List<String>> table = new ArrayList<>();
    List<String> head = new ArrayList<>(List.of("model"));
    map.columns().subList(from, to).forEach(column -> head.add(escape(column.label())));
    table.add(head);
    for (int i = 0; i < map.rows().size(); i++) {
      List<String> line = new ArrayList<>(List.of(rowName(map.rows().get(i))));
      map.cells().get(i).subList(from, to).forEach(cell -> line.add(cell(cell)));
      table.add(line);
    }
    table(table);
  }

  private static String cell(MapCell cell) {
    if (cell.state() != CellState.OK) {
      return cell.record().isEmpty() ? "not run" : cell.state().toString();
    }
    String sign =
        switch (cell.comparison().verdict()) {
          case NON_INFERIOR -> " =";
          case WORSE -> " <";
          case INCONCLUSIVE -> " ?";
          case NOT_COMPARABLE -> "";
        };
    String delta =
        Double.isNaN(cell.comparison().delta())
            ? ""
            : " " + Figures.delta(cell.planned().metric(), cell.comparison().delta());
    String chance = cell.flags().contains(Flag.AT_CHANCE) ? " at chance" : "";
    return Figures.primary(cell) + delta + sign + chance;
  }

  private void reasons() {
    List<String> reasons =
        map.cells().stream()
            .flatMap(List::stream)
            .filter(cell -> cell.state() != CellState.OK)
            .map(cell ->
                cell.planned().column().label() + ": " + cell.state() + ", " + cell.reason())
            .distinct()
            .toList();
    if (!reasons.isEmpty()) {
      out.append("\n## Cells without a number\n\n");
      reasons.forEach(reason -> out.append(wrapped("- " + escape(reason), "  ")));
    }
  }

  private String rowName(MapRow row) {
    long models = map.rows().stream().map(MapRow::model).distinct().count();
    return escape(models > 1 ? row.model() + " " + row.recipe() : row.recipe());
  }

  private void table(List<List<String>> lines) {
    int columns = lines.getFirst().size();
    int[] widths = new int[columns];
    for (List<String> line : lines) {
      for (int i = 0; i < columns; i++) {
        widths[i] = Math.max(widths[i], line.get(i).length());
      }
    }
    for (int n = 0; n < lines.size(); n++) {
      for (int i = 0; i < columns; i++) {
        String cell = lines.get(n).get(i);
        String space = " ".repeat(widths[i] - cell.length());
        out.append("| ").append(i == 0 ? cell + space : space + cell).append(' ');
      }
      out.append("|\n");
      if (n == 0) {
        for (int i = 0; i < columns; i++) {
          out.append(i == 0 ? "|:" : "|-").append("-".repeat(widths[i])).append(i == 0 ? "-" : ":");
        }
        out.append("|\n");
      }
    }
  }

  /** Text that Markdown would read as markup or HTML, made plain; one line. */
  static String escape(String text) {
    return text.replaceAll("\\s+", " ")
        .replace("\\", "\\\\")
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace("|", "\\|")
        .replace("`", "\\`")
        .replace("*", "\\*")
        .replace("[", "\\[");
  }

  private static String wrapped(String text, String indent) {
    StringBuilder lines = new StringBuilder();
    int width = 0;
    for (String word : text.split(" ")) {
      if (width > 0 && width + 1 + word.length() > 92) {
        lines.append('\n').append(indent);
        width = indent.length();
      } else if (width > 0) {
        lines.append(' ');
        width++;
      }
      lines.append(word);
      width += word.length();
    }
    return lines.append('\n').toString();
  }
}
