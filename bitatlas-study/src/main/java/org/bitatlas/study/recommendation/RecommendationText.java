package org.bitatlas.study.recommendation;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.bitatlas.study.Metric;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.StudyTask;
import org.bitatlas.study.map.Comparison;
import org.bitatlas.study.map.MapCell;
import org.bitatlas.study.target.Prediction;
import org.bitatlas.study.target.Prediction.Part;

/** A recommendation in lines for a terminal: every number is called measured or predicted. */
public final class RecommendationText {
  private static final double GIBIBYTE = 1L << 30;
  private static final int KEY = 12;

  private final Recommendation answer;
  private final List<String> lines = new ArrayList<>();

  private RecommendationText(Recommendation answer) {
    this.answer = answer;
  }

  /** The lines. */
  public static List<String> lines(Recommendation answer) {
    return new RecommendationText(answer).written();
  }

  private List<String> written() {
    Question question = answer.question();
    line(
        "%s on %s (%s)",
        question.shape().isEmpty() ? question.model() : question.shape(),
        question.target().name(),
        question.target().title());
    line(
        "Asked: at most %.3g points below float on %s; at most %.3g GiB",
        100 * question.maxDrop(),
        answer.columns().isEmpty()
            ? "nothing that can be asked"
            : String.join(", ", answer.columns().stream().map(StudyTask::label).toList()),
        question.memoryLimit() / GIBIBYTE);
    answer.uninformative().forEach(text -> line("Says nothing: %s", text));
    line("");
    if (answer.chosen().isEmpty()) {
      line("Recommended: nothing; no setting meets every constraint, float included.");
    } else if (answer.isFloat()) {
      line(
          "Recommended: no quantization; %s. Float fits.",
          answer.columns().isEmpty()
              ? "no task that was asked for can tell"
              : "no quantized setting meets every constraint");
    } else {
      line("Recommended: %s", answer.chosen().get().row().recipe());
    }
    answer.chosen().ifPresent(this::candidate);
    answer
        .runnerUp()
        .ifPresent(other -> {
          line("");
          line("Runner-up: %s; %s", other.row().recipe(), answer.runnerUpReason());
          other.deployment().ifPresent(way -> line("  served by  %s", way.words()));
        });
    excluded();
    section("Not measured", answer.notMeasured());
    section("Commands", answer.commands());
    return List.copyOf(lines);
  }

  private void candidate(Candidate chosen) {
    chosen.deployment().ifPresent(way -> line("  served by  %s", way.words()));
    for (MapCell cell : chosen.cells()) {
      evidence(cell);
    }
    chosen.prediction().ifPresent(known -> predicted(known, !chosen.measured().isEmpty()));
    for (MeasuredSpeed speed : chosen.measured()) {
      line(
          "  measured   %.1f tokens/s, %s on %s [%s]",
          speed.tokensPerSecond(), speed.what(), speed.platform(), source(speed.source()));
    }
  }

  private void evidence(MapCell cell) {
    if (cell.planned().metric() != Metric.ACCURACY || cell.record().isEmpty()) {
      return;
    }
    RunRecord record = cell.record().get();
    Comparison comparison = cell.comparison();
    String against =
        comparison.made()
            ? String.format(
                Locale.ROOT,
                ", %+.1f points [%.1f, %.1f] to float, %s",
                100 * comparison.delta(),
                100 * comparison.low(),
                100 * comparison.high(),
                comparison.significance().alone().name().toLowerCase(Locale.ROOT).replace('_', '-'))
            : "";
    line(
        "  measured   %s: %.1f %% of %d items%s [record %s]",
        cell.planned().column().label(),
        100 * record.primary(),
        record.items(),
        against,
        shortened(record.key()));
  }

  /** Memory, and speed where none was measured: the two never stand side by side. */
  private void predicted(Prediction prediction, boolean measured) {
    line(
        "  predicted  %.3g GiB: weights %.3g, cache of %d tokens %.3g, activations %.3g",
        prediction.memory().total() / GIBIBYTE,
        prediction.memory().weights() / GIBIBYTE,
        Math.max(prediction.workload().prompt(), prediction.workload().context())
            + prediction.workload().newTokens(),
        prediction.memory().cache() / GIBIBYTE,
        prediction.memory().activations() / GIBIBYTE);
    if (measured) {
      return;
    }
    line(
        "  predicted  at most %.4g tokens/s prefill (prompt of %d), %.4g tokens/s decoding;"
            + " rounding inputs %.1f %% and %.1f %%",
        prediction.prefillTokensPerSecond(),
        prediction.workload().prompt(),
        prediction.decodeTokensPerSecond(),
        100 * prediction.prefillShare(Part.QUANTIZATION),
        100 * prediction.decodeShare(Part.QUANTIZATION));
  }

  private void excluded() {
    if (answer.excluded().isEmpty()) {
      return;
    }
    line("");
    line("Excluded (those that miss least first)");
    for (Candidate candidate : answer.excluded()) {
      line("  %s", candidate.row().recipe());
      for (Candidate.Failure failure : candidate.failures()) {
        line(
            "    %s: %s",
            failure.constraint().name().toLowerCase(Locale.ROOT).replace('_', ' '),
            failure.words());
      }
    }
  }

  private void section(String title, List<String> sentences) {
    if (!sentences.isEmpty()) {
      line("");
      line("%s", title);
      sentences.forEach(sentence -> line("  %s", sentence));
    }
  }

  /** A record, or the name of a file. */
  private static String source(String source) {
    return source.matches("[0-9a-f]{64}") ? "record " + shortened(source) : source;
  }

  private static String shortened(String key) {
    return key.length() <= KEY ? key : key.substring(0, KEY);
  }

  private void line(String format, Object... values) {
    lines.add(String.format(Locale.ROOT, format, values));
  }
}
