package org.bitatlas.study.findings;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.bitatlas.eval.statistics.HolmAdjustment;
import org.bitatlas.study.findings.Finding.Evidence;
import org.bitatlas.study.map.Check.Answer;
import org.bitatlas.study.map.Comparison;
import org.bitatlas.study.map.MapCell;

/** W8A8 keeps more than nine tenths of float's accuracy in every thinking mode. */
final class WeightActivationKeepsMost {
  private static final double MOST = 0.9;
  private static final int MODES = 2;
  private static final Claim CLAIM =
      new Claim(
          "w8a8-keeps-most",
          "2512.23367",
          "W8A8 keeps more than 90 % of float's accuracy in every thinking mode",
          "One-sided 95 % bounds of accuracy over float's, by paired bootstrap (clustered, no"
              + " narrower than the difference allows). Yes: the lower bound of every cell is above"
              + " 90 % (intersection-union), in at least two modes. No: one cell is below, p after"
              + " Holm over the cells. Only tasks that float answers well above chance.");

  private final List<Evidence> evidence = new ArrayList<>();
  private final List<String> missing = new ArrayList<>();

  private WeightActivationKeepsMost() {}

  static Finding of(List<Setting> all) {
    List<Setting> settings =
        all.stream().filter(setting -> setting.isWeightActivation(8, 8)).toList();
    return settings.isEmpty()
        ? CLAIM.without("a row of 8-bit weights and inputs, such as {method: smoothquant, bits: 8}")
        : new WeightActivationKeepsMost().answer(settings);
  }

  /** A compared cell. */
  private record Kept(Setting setting, int column, double below) {
    Comparison.Ratio ratio() {
      return setting.cell(column).comparison().ratio();
    }
  }

  private Finding answer(List<Setting> settings) {
    List<Kept> kept = new ArrayList<>();
    Set<String> modes = new LinkedHashSet<>();
    for (Setting setting : settings) {
      Set<String> asked = new LinkedHashSet<>();
      setting.columns().forEach(column -> asked.add(column.mode()));
      for (int column : setting.informative()) {
        MapCell cell = setting.cell(column);
        if (setting.columns().get(column).mode().isEmpty()) {
          continue;
        }
        if (cell.comparison().made()) {
          kept.add(new Kept(setting, column, RatioTest.below(setting, column, MOST)));
          asked.remove(setting.columns().get(column).mode());
          modes.add(setting.columns().get(column).mode());
        } else if (Setting.isBroken(cell)) {
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
      asked.stream()
          .filter(mode -> !mode.isEmpty())
          .forEach(mode ->
              missing.add(
                  setting.name()
                      + " in "
                      + mode
                      + ": a task that float answers well above chance in it"));
    }
    if (modes.size() < MODES) {
      missing.add(
          "a second thinking mode beside "
              + (modes.isEmpty() ? "none" : String.join(", ", modes))
              + "; a model with one mode cannot answer this");
    }
    double[] adjusted = HolmAdjustment.of(kept.stream().mapToDouble(Kept::below).toArray());
    for (int i = 0; i < kept.size(); i++) {
      evidence.add(part(kept.get(i), adjusted[i]));
    }
    return conclude(kept, modes);
  }

  private Evidence part(Kept kept, double adjusted) {
    Comparison.Ratio ratio = kept.ratio();
    Answer answer =
        ratio.low() > MOST
            ? Answer.YES
            : ratio.value() < MOST && adjusted < Findings.LEVEL
                ? Answer.NO
                : Answer.NOT_ENOUGH_DATA;
    String subject = kept.setting().on(kept.column());
    String figures =
        Words.format(
            "keeps %.1f %%, one-sided bounds %.1f and %.1f %%, %d items",
            100 * ratio.value(),
            100 * ratio.low(),
            100 * ratio.high(),
            kept.setting().cell(kept.column()).comparison().items());
    if (answer == Answer.NOT_ENOUGH_DATA) {
      missing.add(subject + ": more items (" + figures + ")");
    }
    return new Evidence(subject, answer, figures, kept.setting().records(kept.column()));
  }

  private Finding conclude(List<Kept> kept, Set<String> modes) {
    List<Evidence> no = Claim.parts(evidence, Answer.NO);
    if (!no.isEmpty()) {
      return CLAIM.answered(
          Answer.NO,
          Words.listed(no.stream().map(part -> part.subject() + " " + part.figures()).toList())
              + ".",
          evidence,
          missing);
    }
    boolean all = !kept.isEmpty() && missing.isEmpty();
    String lowest =
        kept.stream()
            .min(Comparator.comparingDouble(cell -> cell.ratio().low()))
            .map(cell ->
                Words.format(
                    "the lowest of %s is %s with %.1f %%, at least %.1f %%",
                    Words.count(kept.size(), "cell"),
                    cell.setting().on(cell.column()),
                    100 * cell.ratio().value(),
                    100 * cell.ratio().low()))
            .orElse("no cell was measured");
    return CLAIM.answered(
        all ? Answer.YES : Answer.NOT_ENOUGH_DATA,
        "In " + (modes.isEmpty() ? "no mode" : String.join(", ", modes)) + ": " + lowest + ".",
        evidence,
        missing);
  }
}
