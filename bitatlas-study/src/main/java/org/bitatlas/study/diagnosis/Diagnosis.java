package org.bitatlas.study.diagnosis;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.bitatlas.quant.pipeline.LayerReport;
import org.bitatlas.study.Metric;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.RunStore;
import org.bitatlas.study.StudyRecipe;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * What broke in a cell, from its records: which layers, which part of the block, how replies went
 * wrong, and what to try. What the records do not hold is named.
 *
 * @param record the cell
 * @param floats the float model's cell of the same column, where the store has it
 * @param layers the quantized layers, most harmful first: by damage where it was measured, else by
 *     output error, else by weight error
 * @param parts attention against MLP, and each projection
 * @param replies how replies went wrong; empty for tasks without replies
 * @param remedies what to try, each a sentence with the evidence it rests on
 * @param notMeasured what is not known, each a sentence with how to find out
 */
public record Diagnosis(
    RunRecord record,
    Optional<RunRecord> floats,
    List<LayerLine> layers,
    List<PartLine> parts,
    Optional<ReplyBreakdown> replies,
    List<String> remedies,
    List<String> notMeasured) {

  private static final JsonMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  /**
   * Diagnoses a cell.
   *
   * @param sensitivities folder of stored sensitivities, where there is one
   * @param examples broken replies to show
   * @throws BitAtlasException when the cell is of the float model or an endpoint
   */
  public static Diagnosis of(
      RunStore store, RunRecord record, Optional<Path> sensitivities, int examples) {
    if (record.quantizationKey().isEmpty()) {
      throw new BitAtlasException(
          "The cell '%s' is not of a model quantized here; give one of a quantized row."
              .formatted(CellName.name(record)));
    }
    Map<String, Double> damages =
        sensitivities
            .map(folder ->
                StoredDamages.find(folder, record, store.layerReports(record.quantizationKey())))
            .orElseGet(Map::of);
    List<LayerLine> layers = new ArrayList<>();
    for (LayerReport report : store.layerReports(record.quantizationKey())) {
      Double damage = damages.get(report.module());
      layers.add(
          new LayerLine(
              report, damage == null ? OptionalDouble.empty() : OptionalDouble.of(damage)));
    }
    Optional<RunRecord> floats = floatCell(store, record);
    List<PartLine> parts = PartLine.of(layers);
    layers.sort(Comparator.comparingDouble(Diagnosis::harm).reversed());
    Optional<ReplyBreakdown> replies =
        record.metric() == Metric.ACCURACY
            ? floats.flatMap(exact ->
                ReplyBreakdown.of(
                    store.samples(exact.key()), store.samples(record.key()), examples))
            : Optional.empty();
    return new Diagnosis(
        record,
        floats,
        List.copyOf(layers),
        parts,
        replies,
        Remedies.of(record, layers, parts, replies),
        Gaps.of(record, floats, layers, replies));
  }

  /** Everything as JSON, by component name. */
  public String toJson() {
    return JSON.writeValueAsString(this);
  }

  private static double harm(LayerLine layer) {
    if (layer.damage().isPresent()) {
      return layer.damage().getAsDouble();
    }
    double error = layer.outputError();
    return Double.isNaN(error) ? layer.report().weightError() : error;
  }

  private static Optional<RunRecord> floatCell(RunStore store, RunRecord record) {
    return store.records().stream()
        .filter(other ->
            other.recipe().equals(StudyRecipe.FLOAT_LABEL)
                && other.model().equals(record.model())
                && other.column().equals(record.column())
                && same(other, record, "weights")
                && same(other, record, "data")
                && same(other, record, "protocol"))
        .max(Comparator.comparingInt(RunRecord::items));
  }

  private static boolean same(RunRecord one, RunRecord other, String input) {
    return one.inputs().getOrDefault(input, "").equals(other.inputs().getOrDefault(input, ""));
  }
}
