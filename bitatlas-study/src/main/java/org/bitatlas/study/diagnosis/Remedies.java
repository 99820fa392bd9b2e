package org.bitatlas.study.diagnosis;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import org.bitatlas.eval.CellState;
import org.bitatlas.quant.pipeline.LayerReport;
import org.bitatlas.study.Metric;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.StudyRecipe;

/** What to try, from what was seen. Every sentence names the evidence it rests on. */
final class Remedies {

  /** max|x| over RMS beyond which a per-token scale of few bits leaves most values near zero. */
  private static final double OUTLIERS = 12;

  /** How many times the mean output error of the others a projection's is called far above. */
  private static final double FAR_ABOVE = 2;

  private static final int FEW_ACTIVATION_BITS = 6;
  private static final int NAMED = 3;

  /** Another setting is clearly better on a text below this share of the perplexity. */
  private static final double PERPLEXITY = 0.95;

  /** Share of a damage beyond which it is called that of the inputs. */
  private static final double MOST = 0.7;

  /** Lost answers say something where they are this many times what chance gives. */
  private static final double BEYOND_CHANCE = 1.5;

  private final Evidence evidence;
  private final RunRecord record;
  private final List<LayerLine> layers;
  private final List<PartLine> parts;
  private final List<String> sentences = new ArrayList<>();

  private Remedies(Evidence evidence, List<LayerLine> layers, List<PartLine> parts) {
    this.evidence = evidence;
    this.record = evidence.record();
    this.layers = layers;
    this.parts = parts;
  }

  static List<String> of(
      Evidence evidence,
      List<LayerLine> layers,
      List<PartLine> parts,
      Optional<ReplyBreakdown> replies) {
    Remedies remedies = new Remedies(evidence, layers, parts);
    remedies.nonFinite();
    remedies.calibration();
    remedies.activations();
    remedies.weights();
    replies.ifPresent(remedies::replies);
    remedies.otherSettings();
    return List.copyOf(remedies.sentences);
  }

  private void nonFinite() {
    layers.stream()
        .filter(layer -> layer.report().inputs().map(LayerReport.Inputs::nonFinite).orElse(0L) > 0)
        .min(Comparator.comparingInt(layer -> layer.report().layer()))
        .ifPresent(layer ->
            sentences.add(
                "The inputs of %s are not finite, the first in the model: keep its block in float (exclude: layers.%d.) or quantize activations with more bits."
                    .formatted(layer.report().module(), layer.report().layer())));
    if (record.state() == CellState.NON_FINITE && sentences.isEmpty()) {
      sentences.add(
          "The predictions are not finite: more activation bits, or a transform other than "
              + record.method()
              + ".");
    }
  }

  private void calibration() {
    List<LayerReport> unstable =
        layers.stream()
            .map(LayerLine::report)
            .filter(report -> report.fallback().isPresent())
            .toList();
    if (!unstable.isEmpty()) {
      sentences.add(
          "The calibration of %d layers was unstable (%s: %s): more calibration sequences, or percdamp 0.1."
              .formatted(
                  unstable.size(),
                  unstable.getFirst().module(),
                  unstable.getFirst().fallback().orElse("")));
    }
  }

  private void activations() {
    int bits = option("a_bits");
    if (bits == 0 || bits > FEW_ACTIVATION_BITS) {
      return;
    }
    parts.stream()
        .filter(part -> part.name().endsWith("_proj"))
        .max(Comparator.comparingDouble(PartLine::outliers))
        .filter(part -> part.outliers() >= OUTLIERS)
        .ifPresent(part ->
            sentences.add(
                format(
                    "The inputs of %s stand out most (max/RMS %.0f on average, kurtosis %.0f), too"
                        + " far for %d-bit activations: leave it out (exclude: %s), give"
                        + " activations 8 bits, or use a transform that flattens them (flatquant).",
                    part.name(), part.outliers(), part.kurtosis(), bits, part.name())));
  }

  /** The smallest of the settings of the study that are better here for certain. */
  private void otherSettings() {
    if (record.metric() == Metric.SPEED || record.size().isEmpty()) {
      return;
    }
    boolean accuracy = record.metric() == Metric.ACCURACY;
    evidence.others().stream()
        .filter(
            other -> accuracy ? isBetter(other) : other.primary() < PERPLEXITY * record.primary())
        .min(Comparator.comparingLong(Remedies::bytes))
        .ifPresent(other ->
            sentences.add(
                format(
                    "%s of the same study has %s here, in %.2f MB in place of %.2f: the smallest"
                        + " setting tried that is clearly better.",
                    other.recipe(),
                    accuracy
                        ? format("%.1f %%", 100 * other.primary())
                        : format("perplexity %.2f", other.primary()),
                    bytes(other) / 1e6,
                    bytes(record) / 1e6)));
  }

  private boolean isBetter(RunRecord other) {
    return other.metrics().getOrDefault("wilson_low", Double.NaN)
        > record.metrics().getOrDefault("wilson_high", Double.NaN);
  }

  private static long bytes(RunRecord cell) {
    return cell.size().orElseThrow().wholeModelBytes();
  }

  private void weights() {
    if (layers.isEmpty()) {
      return;
    }
    OptionalDouble all = total();
    if (all.isPresent() && all.getAsDouble() > 0) {
      List<LayerLine> worst = layers.subList(0, Math.min(NAMED, layers.size()));
      double share =
          worst.stream().mapToDouble(layer -> layer.damage().orElse(0)).sum() / all.getAsDouble();
      double ofInputs = worst.stream().mapToDouble(layer -> layer.inputs().orElse(0)).sum();
      if (ofInputs > MOST * worst.stream().mapToDouble(layer -> layer.damage().orElse(0)).sum()) {
        sentences.add(
            format(
                "%s do %.0f %% of the damage of single layers, and their inputs alone nearly all of"
                    + " it: more weight bits do not help; keep these layers in float (exclude: %s)"
                    + " or give activations more bits.",
                names(worst), 100 * share, names(worst).replace(" ", "")));
      } else {
        sentences.add(
            format(
                "%s do %.0f %% of the damage of single layers: give them more bits (layer_bits:"
                    + " %s), or let bits adapt in the same bytes (bits: adaptive, budget: %d.0).",
                names(worst), 100 * share, more(worst), Math.clamp(record.bits(), 2, 8)));
      }
      return;
    }
    List<PartLine> projections =
        parts.stream()
            .filter(part -> part.name().endsWith("_proj") && !Double.isNaN(part.outputError()))
            .sorted(Comparator.comparingDouble(PartLine::outputError).reversed())
            .toList();
    if (projections.size() > 1) {
      PartLine worst = projections.getFirst();
      double others =
          projections.stream().skip(1).mapToDouble(PartLine::outputError).average().orElseThrow();
      if (worst.outputError() > FAR_ABOVE * others) {
        sentences.add(
            format(
                "%s has the largest output error, %.1f %% against %.1f %% of the other projections:"
                    + " give it more bits (layer_bits: %s=%d).",
                worst.name(),
                100 * worst.outputError(),
                100 * others,
                worst.name(),
                moreBits(record.bits())));
      }
    }
  }

  private void replies(ReplyBreakdown replies) {
    if (replies.broken() == 0) {
      return;
    }
    int loops = replies.failures().getOrDefault(ReplyPair.Failure.LOOP, 0);
    int unclosed = replies.failures().getOrDefault(ReplyPair.Failure.UNCLOSED, 0);
    int lost = replies.failures().getOrDefault(ReplyPair.Failure.LOST, 0);
    int half = (replies.broken() + 1) / 2;
    if (loops + unclosed >= half) {
      sentences.add(
          "%d of %d broken replies loop or never close their thinking: a thinking budget (thinking_budget) lets them answer, but more bits are the cure."
              .formatted(loops + unclosed, replies.broken()));
    } else if (lost >= half && lost > BEYOND_CHANCE * replies.lostByChance()) {
      sentences.add(
          "%d of %d broken replies find the answer and lose it: look at the end of the thinking; calibrating on chat samples of this mode may help (calibration: chat)."
              .formatted(lost, replies.broken()));
    } else if (replies.divergence() < 1) {
      sentences.add(
          format(
              "Most broken replies go on fluently to another answer after leaving float's at %.0f"
                  + " %% of its length (median): single wrong steps, which more bits in the worst"
                  + " layers avoid.",
              100 * replies.divergence()));
    }
  }

  private OptionalDouble total() {
    return !layers.isEmpty() && layers.stream().allMatch(layer -> layer.damage().isPresent())
        ? OptionalDouble.of(
            layers.stream().mapToDouble(layer -> layer.damage().orElseThrow()).sum())
        : OptionalDouble.empty();
  }

  private static String names(List<LayerLine> some) {
    return String.join(", ", some.stream().map(layer -> shortName(layer.report())).toList());
  }

  private static String more(List<LayerLine> some) {
    return String.join(
        ",",
        some.stream()
            .map(layer ->
                shortName(layer.report())
                    + "="
                    + moreBits(layer.report().groupBits().firstEntry().getKey()))
            .toList());
  }

  private static String shortName(LayerReport report) {
    return report.module().replace("model.", "");
  }

  private static int moreBits(int bits) {
    return Math.min(8, bits < 4 ? bits + 1 : 8);
  }

  private int option(String name) {
    String value = record.inputs().getOrDefault(StudyRecipe.INPUT_PREFIX + name, "0");
    return value.matches("\\d+") ? Integer.parseInt(value) : 0;
  }

  private static String format(String text, Object... values) {
    return String.format(Locale.ROOT, text, values);
  }
}
