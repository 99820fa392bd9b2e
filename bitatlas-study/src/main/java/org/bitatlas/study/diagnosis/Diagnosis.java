package org.bitatlas.study.diagnosis;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.bitatlas.quant.method.ActivationPolicy;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.pipeline.LayerReport;
import org.bitatlas.quant.sensitivity.LayerAlone;
import org.bitatlas.study.CellModels;
import org.bitatlas.study.Metric;
import org.bitatlas.study.RunRecord;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * What broke in a cell: which layers, which part of the block, how replies went wrong, and what to
 * try. What is not known is named.
 *
 * @param record the cell
 * @param floats the float model's cell of the same column, where the store has it
 * @param breaksFirst what breaks first, each a sentence with its figures, the surest first
 * @param remedies what to try, each a sentence with the evidence it rests on
 * @param layers the quantized layers, most harmful first: by damage where it was measured, else by
 *     output error, else by weight error
 * @param parts attention against MLP, and each projection
 * @param measured what was measured by running the model, where it was
 * @param replies how replies went wrong; empty for tasks without replies
 * @param notMeasured what is not known, each a sentence with how to find out
 */
public record Diagnosis(
    RunRecord record,
    Optional<RunRecord> floats,
    List<String> breaksFirst,
    List<String> remedies,
    List<LayerLine> layers,
    List<PartLine> parts,
    Optional<CellMeasurement> measured,
    Optional<ReplyBreakdown> replies,
    List<String> notMeasured) {

  private static final JsonMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  /**
   * Diagnoses a cell.
   *
   * @throws BitAtlasException when the cell is of the float model or an endpoint
   */
  public static Diagnosis of(Evidence evidence) {
    RunRecord record = evidence.record();
    if (record.quantizationKey().isEmpty()) {
      throw new BitAtlasException(
          "The cell '%s' is not of a model quantized here; give one of a quantized row."
              .formatted(CellName.name(record)));
    }
    ActivationPolicy policy =
        StoredDamages.recipe(record).map(Recipe::activations).orElse(ActivationPolicy.NONE);
    List<LayerLine> layers = new ArrayList<>();
    for (LayerReport report : evidence.layers()) {
      layers.add(line(evidence, policy, report));
    }
    List<PartLine> parts = PartLine.of(layers);
    layers.sort(Comparator.comparingDouble(Diagnosis::harm).reversed());
    Optional<ReplyBreakdown> replies =
        record.metric() == Metric.ACCURACY
            ? ReplyBreakdown.of(
                evidence.floatSamples(),
                evidence.samples(),
                evidence.tokenizer(),
                evidence.examples())
            : Optional.empty();
    return new Diagnosis(
        record,
        evidence.floats(),
        BreaksFirst.of(record, policy, layers, parts, evidence.measured(), replies),
        Remedies.of(evidence, layers, parts, replies),
        List.copyOf(layers),
        parts,
        evidence.measured(),
        replies,
        Gaps.of(evidence, layers, replies));
  }

  private static LayerLine line(Evidence evidence, ActivationPolicy policy, LayerReport report) {
    Optional<LayerAlone> alone = evidence.measured().flatMap(known -> known.of(report.module()));
    Double stored = evidence.damages().get(report.module());
    OptionalDouble noise =
        report
            .inputs()
            .map(inputs -> InputNoise.of(policy, inputs))
            .orElseGet(OptionalDouble::empty);
    return new LayerLine(
        report,
        alone.isPresent()
            ? OptionalDouble.of(alone.get().both())
            : stored == null ? OptionalDouble.empty() : OptionalDouble.of(stored),
        alone.map(LayerAlone::inputs).orElseGet(OptionalDouble::empty),
        noise);
  }

  /** The same with the probabilities of the tokens at which the examples leave float's replies. */
  public Diagnosis withOdds(CellModels models) {
    return new Diagnosis(
        record,
        floats,
        breaksFirst,
        remedies,
        layers,
        parts,
        measured,
        replies.map(known -> known.with(DivergentTokens.ask(models, known.examples()))),
        notMeasured);
  }

  /** Everything as JSON, by component name. */
  public String toJson() {
    return JSON.writeValueAsString(this);
  }

  private static double harm(LayerLine layer) {
    if (layer.damage().isPresent()) {
      double damage = layer.damage().getAsDouble();
      return Double.isNaN(damage) ? Double.POSITIVE_INFINITY : damage;
    }
    double error = layer.outputError();
    return Double.isNaN(error) ? layer.report().weightError() : error;
  }
}
