package org.bitatlas.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.diagnosis.CellName;
import org.bitatlas.study.diagnosis.Diagnosis;
import org.bitatlas.study.diagnosis.LayerLine;
import org.bitatlas.study.diagnosis.PartLine;
import org.bitatlas.study.diagnosis.ReplyBreakdown;
import org.bitatlas.study.diagnosis.ReplyPair;

/** A diagnosis as lines for a terminal. */
final class DiagnosisText {

  private static final int WORST = 8;
  private static final int BEFORE = 30;
  private static final int AFTER = 90;

  private final Diagnosis diagnosis;
  private final List<String> lines = new ArrayList<>();

  private DiagnosisText(Diagnosis diagnosis) {
    this.diagnosis = diagnosis;
  }

  static List<String> lines(Diagnosis diagnosis) {
    DiagnosisText text = new DiagnosisText(diagnosis);
    text.head();
    text.layers();
    diagnosis.replies().ifPresent(text::replies);
    text.sentences("What to try", diagnosis.remedies());
    text.sentences("Not measured", diagnosis.notMeasured());
    return text.lines;
  }

  private void head() {
    RunRecord record = diagnosis.record();
    lines.add(
        "%s on %s: %s %s%s"
            .formatted(
                CellName.name(record),
                record.model(),
                record.state(),
                value(record),
                diagnosis.floats().map(exact -> ", float " + value(exact)).orElse("")));
    if (!record.reason().isEmpty()) {
      lines.add(record.reason());
    }
  }

  private static String value(RunRecord record) {
    return switch (record.metric()) {
      case ACCURACY -> format("%.1f %% of %d items", 100 * record.primary(), record.items());
      case PERPLEXITY -> format("perplexity %.3f", record.primary());
      case SPEED -> format("%.1f tokens a second", record.primary());
    };
  }

  private void layers() {
    if (diagnosis.layers().isEmpty()) {
      return;
    }
    lines.add("");
    lines.add("part        layers  output error  max/RMS of inputs  kurtosis  KL alone");
    for (PartLine part : diagnosis.parts()) {
      lines.add(
          format(
              "%-10s  %6d  %12s  %17s  %8s  %8s",
              part.name(),
              part.layers(),
              percent(part.outputError()),
              number(part.outliers()),
              number(part.kurtosis()),
              part.damage().isPresent() ? format("%.5f", part.damage().getAsDouble()) : "-"));
    }
    lines.add("");
    lines.add("worst layers                          bits  output error  max/RMS  KL alone");
    for (LayerLine layer :
        diagnosis.layers().subList(0, Math.min(WORST, diagnosis.layers().size()))) {
      lines.add(
          format(
              "%-36s  %4.2f  %12s  %7s  %8s%s",
              layer.report().module(),
              layer.report().storedBits(),
              percent(layer.outputError()),
              number(layer.outliers()),
              layer.damage().isPresent() ? format("%.5f", layer.damage().getAsDouble()) : "-",
              layer.report().fallback().map(why -> "  " + why).orElse("")));
    }
  }

  private void replies(ReplyBreakdown replies) {
    lines.add("");
    lines.add(
        "Replies: %d of %d as float's letter for letter; %d broken, %d repaired."
            .formatted(replies.same(), replies.items(), replies.broken(), replies.repaired()));
    if (replies.broken() > 0) {
      lines.add(
          "Broken: "
              + replies.failures().entrySet().stream()
                  .map(entry -> entry.getValue() + " " + entry.getKey().words())
                  .collect(Collectors.joining(", "))
              + format(
                  "; they leave float's reply at %.0f %% of its length (median).",
                  100 * replies.divergence()));
    }
    replies.examples().forEach(this::example);
  }

  private void example(ReplyPair pair) {
    lines.add("");
    lines.add(
        "Item %d (%s), expected %s; the replies part at character %d:"
            .formatted(
                pair.found().index(),
                pair.how().words(),
                pair.found().expected(),
                pair.divergence()));
    lines.add("  float  " + around(pair.exact().output(), pair.divergence()));
    lines.add("  here   " + around(pair.found().output(), pair.divergence()));
  }

  /** A stretch of a reply around the place where the two part, on one line. */
  private static String around(String text, int place) {
    int from = Math.max(0, place - BEFORE);
    int to = Math.min(text.length(), place + AFTER);
    String shown =
        text.substring(from, Math.min(place, text.length()))
            + "|"
            + text.substring(Math.min(place, text.length()), to);
    return (from > 0 ? "..." : "") + shown.replace("\n", "\\n") + (to < text.length() ? "..." : "");
  }

  private void sentences(String title, List<String> sentences) {
    if (!sentences.isEmpty()) {
      lines.add("");
      lines.add(title + ":");
      sentences.forEach(sentence -> lines.add("- " + sentence));
    }
  }

  private static String percent(double share) {
    return Double.isNaN(share) ? "-" : format("%.2f %%", 100 * share);
  }

  private static String number(double value) {
    return Double.isNaN(value) ? "-" : format("%.1f", value);
  }

  private static String format(String text, Object... values) {
    return String.format(Locale.ROOT, text, values);
  }
}
