package org.bitatlas.study.findings;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.bitatlas.eval.CellState;
import org.bitatlas.eval.statistics.HolmAdjustment;
import org.bitatlas.eval.statistics.Verdict;
import org.bitatlas.study.Metric;
import org.bitatlas.study.findings.Finding.Evidence;
import org.bitatlas.study.map.Check.Answer;
import org.bitatlas.study.map.Comparison;
import org.bitatlas.study.map.MapCell;

/** 8-bit weight-only quantization loses nothing on any task. */
final class EightBitsLossless {
  private static final Claim CLAIM =
      new Claim(
          "eight-bits-lossless",
          "2606.21257",
          "8-bit weight-only quantization is lossless on every task",
          "Paired non-inferiority by the margin chosen beforehand, each cell at one-sided"
              + " 5 %. Yes: every cell (an intersection-union test, so no adjustment). No: one cell"
              + " is worse after Holm over all of them, and by more than float differs from"
              + " itself, or broke.");

  /** One-sided 95 % and 80 % quantiles of the normal distribution, added and squared. */
  private static final double NEEDED = Math.pow(1.6449 + 0.8416, 2);

  private final List<Evidence> evidence = new ArrayList<>();
  private final List<String> missing = new ArrayList<>();

  private EightBitsLossless() {}

  static Finding of(List<Setting> all) {
    List<Setting> settings = all.stream().filter(setting -> setting.isWeightOnly(8)).toList();
    return settings.isEmpty()
        ? CLAIM.without("a row of 8-bit weights and float inputs, such as {method: rtn, bits: 8}")
        : new EightBitsLossless().answer(settings);
  }

  /** A cell that was compared with float. */
  private record Compared(Setting setting, int column) {
    Comparison comparison() {
      return setting.cell(column).comparison();
    }

    Metric metric() {
      return setting.cell(column).planned().metric();
    }

    String words() {
      return Words.difference(metric(), comparison()) + " on " + setting.on(column);
    }

    /** The loss, in margins. */
    double loss() {
      double delta = comparison().delta();
      return (metric() == Metric.PERPLEXITY ? delta : -delta) / comparison().margin();
    }
  }

  private Finding answer(List<Setting> settings) {
    List<Compared> compared = new ArrayList<>();
    for (Setting setting : settings) {
      for (int column : setting.unasked()) {
        missing.add(
            "float on "
                + setting.columns().get(column).label()
                + ": "
                + setting.floats().get(column).reason());
      }
      List<Integer> columns = new ArrayList<>(setting.informative());
      for (int column = 0; column < setting.columns().size(); column++) {
        MapCell base = setting.floats().get(column);
        if (base.planned().metric() == Metric.PERPLEXITY && base.state() == CellState.OK) {
          columns.add(column);
        }
      }
      for (int column : columns) {
        if (setting.cell(column).comparison().made()) {
          compared.add(new Compared(setting, column));
        } else {
          uncompared(setting, column);
        }
      }
    }
    double[] adjusted =
        HolmAdjustment.of(
            compared.stream().mapToDouble(c -> c.comparison().significance().worse()).toArray());
    for (int i = 0; i < compared.size(); i++) {
      evidence.add(part(compared.get(i), adjusted[i]));
    }
    return conclude(compared);
  }

  private void uncompared(Setting setting, int column) {
    MapCell cell = setting.cell(column);
    if (Setting.isBroken(cell)) {
      evidence.add(
          new Evidence(
              setting.on(column),
              Answer.NO,
              cell.state() + ": " + cell.reason(),
              setting.records(column)));
    } else {
      missing.add(setting.on(column) + ": " + cell.reason());
    }
  }

  private Evidence part(Compared cell, double adjusted) {
    Comparison comparison = cell.comparison();
    Verdict alone = comparison.significance().alone();
    boolean worse =
        alone == Verdict.WORSE
            && adjusted < Findings.LEVEL
            && !(Math.abs(comparison.delta()) <= comparison.significance().noise());
    Answer answer =
        worse ? Answer.NO : alone == Verdict.NON_INFERIOR ? Answer.YES : Answer.NOT_ENOUGH_DATA;
    if (answer == Answer.NOT_ENOUGH_DATA) {
      missing.add(cell.setting().on(cell.column()) + ": " + needed(cell));
    }
    return new Evidence(
        cell.setting().on(cell.column()),
        answer,
        Words.difference(cell.metric(), comparison)
            + Words.format(", %d items, p (Holm) %s", comparison.items(), Words.pValue(adjusted)),
        cell.setting().records(cell.column()));
  }

  /** Items with which an equal model would be shown to be one in four of five cases. */
  private static String needed(Compared cell) {
    Comparison comparison = cell.comparison();
    if (cell.metric() == Metric.PERPLEXITY) {
      return "more text than its " + comparison.items() + " windows";
    }
    double flips =
        Math.max(1, comparison.broken() + comparison.repaired()) / (double) comparison.items();
    double items = NEEDED * flips / (comparison.margin() * comparison.margin());
    return items <= comparison.items()
        ? "its " + comparison.items() + " records show neither; more, if it is equal"
        : Words.format(
            "about %d records in place of %d, if it is equal",
            (int) Math.ceil(items / 50) * 50, comparison.items());
  }

  private Finding conclude(List<Compared> compared) {
    List<Evidence> no = Claim.parts(evidence, Answer.NO);
    List<Evidence> yes = Claim.parts(evidence, Answer.YES);
    int cells = evidence.size();
    if (!no.isEmpty()) {
      return CLAIM.answered(
          Answer.NO,
          Words.format(
              "%d of %s worse than float: %s.",
              no.size(),
              Words.count(cells, "cell"),
              Words.listed(
                  no.stream().map(part -> part.subject() + " " + part.figures()).toList())),
          evidence,
          missing);
    }
    String worst =
        compared.stream()
            .max(Comparator.comparingDouble(Compared::loss))
            .map(cell -> "; the largest loss is " + cell.words())
            .orElse("");
    boolean all = !yes.isEmpty() && yes.size() == cells && missing.isEmpty();
    return CLAIM.answered(
        all ? Answer.YES : Answer.NOT_ENOUGH_DATA,
        Words.format(
            "%d of %s shown to lose less than the margin, none to lose more%s.",
            yes.size(), Words.count(cells, "cell"), worst),
        evidence,
        missing);
  }
}
