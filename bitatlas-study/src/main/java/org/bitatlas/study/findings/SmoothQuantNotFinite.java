package org.bitatlas.study.findings;

import java.util.ArrayList;
import java.util.List;
import org.bitatlas.eval.CellState;
import org.bitatlas.study.Metric;
import org.bitatlas.study.findings.Finding.Evidence;
import org.bitatlas.study.map.Check.Answer;
import org.bitatlas.study.map.MapCell;

/** SmoothQuant with 4-bit weights and activations gives a perplexity that is not finite. */
final class SmoothQuantNotFinite {
  private static final Claim CLAIM =
      new Claim(
          "smoothquant-w4a4-not-finite",
          "2606.21257",
          "SmoothQuant W4A4 gives a perplexity that is not finite",
          "No test: whether a logit was NaN or infinite is a fact of the run. Yes: every perplexity"
              + " cell is NON_FINITE. No: one was measured to the end and is finite.");

  private SmoothQuantNotFinite() {}

  static Finding of(List<Setting> all) {
    List<Setting> settings =
        all.stream()
            .filter(setting -> setting.row().method().equals("SmoothQuant"))
            .filter(setting -> setting.isWeightActivation(4, 4))
            .toList();
    if (settings.isEmpty()) {
      return CLAIM.without("a row {method: smoothquant, bits: 4, a_bits: 4}");
    }
    List<Evidence> evidence = new ArrayList<>();
    List<String> missing = new ArrayList<>();
    for (Setting setting : settings) {
      for (int column = 0; column < setting.columns().size(); column++) {
        if (setting.cell(column).planned().metric() == Metric.PERPLEXITY) {
          part(setting, column, evidence, missing);
        }
      }
    }
    if (evidence.isEmpty() && missing.isEmpty()) {
      missing.add("a perplexity task, such as wikitext_nano");
    }
    boolean finite = evidence.stream().anyMatch(part -> part.answer() == Answer.NO);
    boolean all4 = !evidence.isEmpty() && missing.isEmpty();
    Answer answer = finite ? Answer.NO : all4 ? Answer.YES : Answer.NOT_ENOUGH_DATA;
    return CLAIM.answered(
        answer,
        evidence.isEmpty()
            ? "No perplexity of it was measured."
            : Words.listed(
                    evidence.stream().map(part -> part.subject() + ": " + part.figures()).toList())
                + ".",
        evidence,
        missing);
  }

  private static void part(
      Setting setting, int column, List<Evidence> evidence, List<String> missing) {
    MapCell cell = setting.cell(column);
    if (cell.state() == CellState.NON_FINITE) {
      evidence.add(
          new Evidence(
              setting.on(column),
              Answer.YES,
              "not finite, " + cell.reason(),
              setting.records(column)));
    } else if (cell.value().isPresent()) {
      evidence.add(
          new Evidence(
              setting.on(column),
              Answer.NO,
              Words.format(
                  "%.2f, finite (float %.2f)",
                  cell.value().getAsDouble(),
                  setting.floats().get(column).value().orElse(Double.NaN)),
              setting.records(column)));
    } else {
      missing.add(setting.on(column) + ": " + cell.reason());
    }
  }
}
