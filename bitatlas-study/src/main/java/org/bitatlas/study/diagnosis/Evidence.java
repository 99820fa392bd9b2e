package org.bitatlas.study.diagnosis;

import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.bitatlas.eval.CellState;
import org.bitatlas.eval.SampleRecord;
import org.bitatlas.quant.pipeline.LayerReport;
import org.bitatlas.study.PlannedCell;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.RunStore;
import org.bitatlas.study.StudyRecipe;
import org.bitatlas.tokenizer.Tokenizer;

/**
 * What a diagnosis rests on.
 *
 * @param record the cell
 * @param floats the float model's cell of the same column, where there is one
 * @param layers reports of the quantized layers
 * @param samples the cell's replies
 * @param floatSamples float's replies
 * @param others cells of other settings of the same model on the same items, in state OK
 * @param damages damage of single layers by module that an adaptive row left, may be empty
 * @param measured what was measured by running the model, where it was
 * @param tokenizer the model's, where it is at hand
 * @param examples broken replies to show
 */
public record Evidence(
    RunRecord record,
    Optional<RunRecord> floats,
    List<LayerReport> layers,
    List<SampleRecord> samples,
    List<SampleRecord> floatSamples,
    List<RunRecord> others,
    Map<String, Double> damages,
    Optional<CellMeasurement> measured,
    Optional<Tokenizer> tokenizer,
    int examples) {

  /** What a study's store and folder hold of a cell. */
  public static Evidence of(
      RunStore store, Path study, RunRecord record, Optional<Tokenizer> tokenizer, int examples) {
    List<LayerReport> layers = store.layerReports(record.quantizationKey());
    Set<String> planned = store.plan().stream().map(PlannedCell::key).collect(Collectors.toSet());
    List<RunRecord> sameColumn =
        store.records().stream().filter(other -> isBeside(other, record)).toList();
    Optional<RunRecord> floats =
        sameColumn.stream()
            .filter(other -> other.recipe().equals(StudyRecipe.FLOAT_LABEL))
            .max(
                Comparator.<RunRecord>comparingInt(other -> other.items() == record.items() ? 1 : 0)
                    .thenComparingInt(RunRecord::items));
    return new Evidence(
        record,
        floats,
        layers,
        store.samples(record.key()),
        floats.map(exact -> store.samples(exact.key())).orElse(List.of()),
        sameColumn.stream()
            .filter(other -> planned.contains(other.key()) && !other.key().equals(record.key()))
            .filter(other -> isComparable(other, record))
            .toList(),
        StoredDamages.find(study.resolve("sensitivity"), record, layers),
        record.quantizationKey().isEmpty() ? Optional.empty() : CellMeasurement.find(study, record),
        tokenizer,
        examples);
  }

  /** Whether another cell is of the same model, asked the same task. */
  static boolean isBeside(RunRecord other, RunRecord record) {
    return other.model().equals(record.model())
        && other.column().equals(record.column())
        && same(other, record, "weights")
        && same(other, record, "data")
        && same(other, record, "protocol");
  }

  /** Whether another setting's cell may be named beside this one. */
  static boolean isComparable(RunRecord other, RunRecord record) {
    return other.state() == CellState.OK
        && other.items() == record.items()
        && other.size().isPresent()
        && !other.quantizationKey().isEmpty();
  }

  private static boolean same(RunRecord one, RunRecord other, String input) {
    return one.inputs().getOrDefault(input, "").equals(other.inputs().getOrDefault(input, ""));
  }
}
