package org.bitatlas.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.stream.Collectors;
import org.bitatlas.quant.sensitivity.BlockDrift;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.diagnosis.CellName;
import org.bitatlas.study.diagnosis.Diagnosis;
import org.bitatlas.study.diagnosis.LayerLine;
import org.bitatlas.study.diagnosis.PartLine;
import org.bitatlas.study.diagnosis.ReplyBreakdown;
import org.bitatlas.study.diagnosis.ReplyPair;

/** A diagnosis as lines of 80 columns: the answer first, then what it rests on. */
final class DiagnosisText {

  private static final int WORST = 8;

  private final Diagnosis diagnosis;
  private final List<String> lines = new ArrayList<>();

  private DiagnosisText(Diagnosis diagnosis) {
    this.diagnosis = diagnosis;
  }

  static List<String> lines(Diagnosis diagnosis) {
    DiagnosisText text = new DiagnosisText(diagnosis);
    text.head();
    text.sentences("What breaks first", diagnosis.breaksFirst());
    text.sentences("What to try", diagnosis.remedies());
    text.parts();
    text.layers();
    text.inputs();
    text.growth();
    diagnosis.replies().ifPresent(text::replies);
    text.sentences("Not measured", diagnosis.notMeasured());
    return text.lines;
  }

  private void head() {
    RunRecord record = diagnosis.record();
    lines.add(CellName.fullName(record));
    wrapped(
        "  ",
        "%s, %s%s; record %s"
            .formatted(
                record.state(),
                value(record),
                diagnosis.floats().map(exact -> ", float " + value(exact)).orElse(""),
                record.key().substring(0, 12)));
    if (!record.reason().isEmpty()) {
      wrapped("  ", record.reason());
    }
  }

  private static String value(RunRecord record) {
    return switch (record.metric()) {
      case ACCURACY -> format("%.1f %% of %d items", 100 * record.primary(), record.items());
      case PERPLEXITY -> format("perplexity %.3f", record.primary());
      case SPEED -> format("%.1f tokens a second", record.primary());
    };
  }

  private void parts() {
    if (diagnosis.parts().isEmpty()) {
      return;
    }
    title("Attention against MLP, and each projection (means; KL: sum over its layers)");
    lines.add("  part       layers  output error  max/RMS of inputs  kurtosis  KL alone");
    for (PartLine part : diagnosis.parts()) {
      lines.add(
          format(
              "  %-9s  %6d  %12s  %17s  %8s  %8s",
              part.name(),
              part.layers(),
              percent(part.outputError()),
              number(part.outliers()),
              number(part.kurtosis()),
              divergence(part.damage())));
    }
  }

  private void layers() {
    if (diagnosis.layers().isEmpty()) {
      return;
    }
    title("Worst layers (KL alone: nats a token, all other layers in float)");
    lines.add("  layer                         bits  output error  max/RMS  KL alone    inputs");
    for (LayerLine layer : diagnosis.layers().stream().limit(WORST).toList()) {
      lines.add(
          format(
              "  %-27s  %5.2f  %12s  %7s  %8s  %8s",
              layer.shortName(),
              layer.report().storedBits(),
              percent(layer.outputError()),
              number(layer.outliers()),
              divergence(layer.damage()),
              divergence(layer.inputs())));
      layer.report().fallback().ifPresent(why -> wrapped("    ", "fallback: " + why));
    }
  }

  /** Which layers make the calibration of quantized activations unstable. */
  private void inputs() {
    List<LayerLine> rounded =
        diagnosis.layers().stream()
            .filter(layer -> layer.noise().isPresent())
            .sorted((one, other) ->
                Double.compare(other.noise().getAsDouble(), one.noise().getAsDouble()))
            .limit(WORST)
            .toList();
    if (rounded.isEmpty()) {
      return;
    }
    title("Least stable inputs (noise: energy added by rounding, calculated from the range)");
    lines.add("  layer                        finite  range of a token  its spread     noise");
    for (LayerLine layer : rounded) {
      lines.add(
          format(
              "  %-27s  %6s  %16s  %10s  %8s",
              layer.shortName(),
              layer.nonFinite() == 0 ? "yes" : "NO",
              number(layer.tokenRange()),
              percent(layer.rangeSpread()),
              percent(layer.noise().getAsDouble())));
    }
  }

  private void growth() {
    diagnosis
        .measured()
        .ifPresent(known -> {
          title(
              "Growth of the error of the hidden state (measured on %d tokens, simulated)"
                  .formatted(known.tokens()));
          lines.add("  behind block   error  largest |x|  finite");
          for (BlockDrift block : known.blocks()) {
            lines.add(
                format(
                    "  %12d  %6s  %11.1f  %6s",
                    block.layer(),
                    percent(block.error()),
                    block.range(),
                    block.nonFinite() == 0 ? "yes" : "NO"));
          }
        });
  }

  private void replies(ReplyBreakdown replies) {
    title("Replies");
    wrapped(
        "  ",
        "%d of %d as float's letter for letter; %d broken, %d repaired."
            .formatted(replies.same(), replies.items(), replies.broken(), replies.repaired()));
    if (replies.broken() > 0) {
      wrapped(
          "  ",
          "Broken: "
              + replies.failures().entrySet().stream()
                  .map(entry -> way(entry.getKey(), entry.getValue(), replies))
                  .collect(Collectors.joining("; "))
              + ".");
    }
    for (ReplyPair pair : replies.examples()) {
      lines.add("");
      ReplyColumns.of(pair).forEach(line -> lines.add("  " + line));
    }
  }

  private static String way(ReplyPair.Failure how, int count, ReplyBreakdown replies) {
    boolean chance = how == ReplyPair.Failure.LOST && !Double.isNaN(replies.lostByChance());
    return count
        + " "
        + how.words()
        + (chance
            ? format(" (an answer of another item stands in %.0f)", replies.lostByChance())
            : "");
  }

  private void sentences(String title, List<String> sentences) {
    if (sentences.isEmpty()) {
      return;
    }
    title(title);
    for (String sentence : sentences) {
      String start = "- ";
      for (String line : FactSheet.wrapped(sentence, FactSheet.WIDTH - start.length())) {
        lines.add(start + line);
        start = "  ";
      }
    }
  }

  private void title(String title) {
    lines.add("");
    lines.add(title);
  }

  private void wrapped(String start, String text) {
    FactSheet.wrapped(text, FactSheet.WIDTH - start.length())
        .forEach(line -> lines.add(start + line));
  }

  private static String divergence(OptionalDouble value) {
    return value.isPresent() ? format("%.5f", value.getAsDouble()) : "-";
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
