package org.bitatlas.study.diagnosis;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.bitatlas.eval.CellState;
import org.bitatlas.quant.method.ActivationPolicy;
import org.bitatlas.quant.sensitivity.BlockDrift;
import org.bitatlas.study.RunRecord;

/** What breaks first, in sentences: what is not finite, the worst layer, how replies go wrong. */
final class BreaksFirst {

  private static final int WORST = 3;

  private final List<String> sentences = new ArrayList<>();

  private BreaksFirst() {}

  static List<String> of(
      RunRecord record,
      ActivationPolicy policy,
      List<LayerLine> layers,
      List<PartLine> parts,
      Optional<CellMeasurement> measured,
      Optional<ReplyBreakdown> replies) {
    BreaksFirst first = new BreaksFirst();
    first.notFinite(record, layers, measured);
    if (measured.isPresent()) {
      first.measured(measured.get(), layers);
    } else {
      first.errors(layers, parts);
    }
    first.inputs(policy, layers);
    replies.filter(known -> known.broken() > 0).ifPresent(first::replies);
    return List.copyOf(first.sentences);
  }

  private void notFinite(
      RunRecord record, List<LayerLine> layers, Optional<CellMeasurement> measured) {
    layers.stream()
        .filter(layer -> layer.nonFinite() > 0)
        .min(Comparator.comparingInt(layer -> layer.report().layer()))
        .ifPresent(layer ->
            add(
                "Calibration stops being finite at %s: %d of its inputs are NaN or infinite.",
                layer.shortName(), layer.nonFinite()));
    Optional<BlockDrift> broken =
        measured.flatMap(
            known -> known.blocks().stream().filter(block -> block.nonFinite() > 0).findFirst());
    broken.ifPresent(
        block -> add("The model stops being finite behind block %d (measured).", block.layer()));
    if (record.state() == CellState.NON_FINITE && sentences.isEmpty()) {
      add("The predictions are not finite; calibration was, in every layer.");
    }
  }

  private void measured(CellMeasurement known, List<LayerLine> layers) {
    double sum = layers.stream().mapToDouble(layer -> layer.damage().orElse(0)).sum();
    if (layers.isEmpty() || !(sum > 0)) {
      return;
    }
    LayerLine worst = layers.getFirst();
    double damage = worst.damage().orElse(0);
    add(
        "%s does most alone: KL %.4f, %.0f %% of the sum over single layers%s; the worst %d do"
            + " %.0f %%.",
        worst.shortName(),
        damage,
        100 * damage / sum,
        worst.inputs().isPresent()
            ? format(" (its inputs without its weight: %.4f)", worst.inputs().getAsDouble())
            : "",
        Math.min(WORST, layers.size()),
        100
            * layers.stream().limit(WORST).mapToDouble(layer -> layer.damage().orElse(0)).sum()
            / sum);
    add(
        "With attention alone quantized KL is %.4f, with the MLP alone %.4f, with both %.4f.",
        known.damages().attention(), known.damages().mlp(), known.damages().all());
    known
        .steepest()
        .filter(block -> block.nonFinite() == 0)
        .ifPresent(block ->
            add(
                "The error of the hidden state grows most in block %d, to %.2f %% of its energy;"
                    + " behind the last block it is %.2f %%.",
                block.layer(), 100 * block.error(), 100 * known.blocks().getLast().error()));
  }

  private void errors(List<LayerLine> layers, List<PartLine> parts) {
    if (layers.isEmpty() || layers.stream().allMatch(layer -> Double.isNaN(layer.outputError()))) {
      return;
    }
    LayerLine worst =
        layers.stream()
            .filter(layer -> !Double.isNaN(layer.outputError()))
            .max(Comparator.comparingDouble(LayerLine::outputError))
            .orElseThrow();
    add(
        "%s has the largest output error, %.2f %%; attention has %.2f %% on average, the MLP"
            + " %.2f %%.",
        worst.shortName(),
        100 * worst.outputError(),
        100 * part(parts, "attention"),
        100 * part(parts, "mlp"));
  }

  private static double part(List<PartLine> parts, String name) {
    return parts.stream()
        .filter(part -> part.name().equals(name))
        .mapToDouble(PartLine::outputError)
        .findFirst()
        .orElse(Double.NaN);
  }

  private void inputs(ActivationPolicy policy, List<LayerLine> layers) {
    layers.stream()
        .filter(layer -> layer.noise().isPresent())
        .max(Comparator.comparingDouble(layer -> layer.noise().getAsDouble()))
        .ifPresent(layer ->
            add(
                "%d-bit inputs are least stable in %s: rounding adds about %.1f %% of their energy"
                    + " (calculated from their ranges; max/RMS %.0f, the range of a token varies by"
                    + " %.0f %%).",
                policy.bits(),
                layer.shortName(),
                100 * layer.noise().getAsDouble(),
                layer.outliers(),
                100 * layer.rangeSpread()));
  }

  private void replies(ReplyBreakdown replies) {
    add(
        "Broken replies leave float's at %s%.0f %% of its length (median).",
        replies.token().isPresent() ? "token " + replies.token().getAsInt() + ", " : "",
        100 * replies.divergence());
  }

  private void add(String text, Object... values) {
    sentences.add(format(text, values));
  }

  private static String format(String text, Object... values) {
    return String.format(Locale.ROOT, text, values);
  }
}
