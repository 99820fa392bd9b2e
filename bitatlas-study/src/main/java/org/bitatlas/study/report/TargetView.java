package org.bitatlas.study.report;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.bitatlas.study.map.Comparison;
import org.bitatlas.study.map.MapCell;
import org.bitatlas.study.recommendation.Candidate;
import org.bitatlas.study.recommendation.Deployment;
import org.bitatlas.study.recommendation.MeasuredSpeed;
import org.bitatlas.study.recommendation.Recommendation;
import org.bitatlas.study.target.HardwareTarget;
import org.bitatlas.study.target.Prediction;

/**
 * What to use on each target, as page and Markdown show it: one line per model and target, accuracy
 * measured, memory predicted, speed either.
 */
final class TargetView {
  private static final String NONE = "–";

  private TargetView() {}

  /** Values of each line: texts. */
  static List<Map<String, String>> of(List<Recommendation> answers, boolean severalModels) {
    return answers.stream().map(answer -> line(answer, severalModels)).toList();
  }

  private static Map<String, String> line(Recommendation answer, boolean severalModels) {
    Map<String, String> line = new LinkedHashMap<>();
    HardwareTarget target = answer.question().target();
    line.put("target", target.name());
    line.put("title", target.title());
    line.put("model", severalModels ? answer.question().model() : "");
    line.put("use", use(answer));
    Optional<Candidate> chosen = answer.chosen();
    line.put("served", chosen.flatMap(Candidate::deployment).map(Deployment::words).orElse(NONE));
    line.put("accuracy", chosen.flatMap(TargetView::closest).orElse(NONE));
    line.put("memory", chosen.flatMap(Candidate::prediction).map(TargetView::memory).orElse(NONE));
    line.put("speed", chosen.map(TargetView::speed).orElse(NONE));
    line.put("runnerUp", answer.runnerUp().map(other -> other.row().recipe()).orElse(NONE));
    line.put("excluded", Integer.toString(answer.excluded().size()));
    return line;
  }

  private static String use(Recommendation answer) {
    if (answer.chosen().isEmpty()) {
      return "nothing meets every constraint, float included";
    }
    return answer.isFloat()
        ? "no quantization: no setting meets every constraint"
        : answer.chosen().get().row().recipe();
  }

  /** The task whose lower bound is nearest to the margin; none for the float model. */
  private static Optional<String> closest(Candidate candidate) {
    return candidate.cells().stream()
        .filter(cell -> cell.comparison().made())
        .min((a, b) -> Double.compare(a.comparison().low(), b.comparison().low()))
        .map(TargetView::words);
  }

  private static String words(MapCell cell) {
    Comparison comparison = cell.comparison();
    return Figures.delta(cell.planned().metric(), comparison.delta())
        + " "
        + Figures.deltaInterval(cell.planned().metric(), comparison)
        + " on "
        + cell.planned().column().label();
  }

  private static String memory(Prediction prediction) {
    return Figures.bytes(Math.round(prediction.memory().total()));
  }

  /** A measured speed, or what the roofline predicts: never both. */
  private static String speed(Candidate candidate) {
    if (!candidate.measured().isEmpty()) {
      MeasuredSpeed speed = candidate.measured().getFirst();
      return String.format(
          Locale.ROOT, "measured: %,.0f tokens/s, %s", speed.tokensPerSecond(), speed.what());
    }
    return candidate
        .prediction()
        .map(known ->
            String.format(
                Locale.ROOT, "predicted: at most %,.0f tokens/s", known.decodeTokensPerSecond()))
        .orElse(NONE);
  }
}
