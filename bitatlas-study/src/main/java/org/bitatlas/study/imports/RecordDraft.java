package org.bitatlas.study.imports;

import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import org.bitatlas.eval.CellState;
import org.bitatlas.eval.SampleRecord;
import org.bitatlas.study.Metric;
import org.bitatlas.study.RecordKey;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.StudyRecipe;

/**
 * What makes an imported record.
 *
 * @param model name of the model on the map
 * @param label name of the row
 * @param inputs origin, file and everything the file says of the run
 * @param task name of the task
 * @param mode what tells columns of a task apart
 * @param metric what the number is
 * @param value the number
 * @param items items behind it; 0 where the number is no share of items
 * @param planned items the task has
 * @param metrics all numbers of the task
 * @param origin the program and its version
 * @param provenance when and from which files
 */
record RecordDraft(
    String model,
    String label,
    SequencedMap<String, String> inputs,
    String task,
    String mode,
    Metric metric,
    double value,
    int items,
    int planned,
    SequencedMap<String, Double> metrics,
    String origin,
    SequencedMap<String, String> provenance) {

  Imported imported(List<SampleRecord> samples) {
    boolean finite = Double.isFinite(value);
    RunRecord record =
        new RunRecord(
            RecordKey.of(inputs),
            inputs,
            model,
            label + " [" + StudyRecipe.IMPORTED_METHOD + "]",
            StudyRecipe.IMPORTED_METHOD,
            0,
            task,
            mode,
            metric,
            finite ? CellState.OK : CellState.NON_FINITE,
            finite ? "" : "the file has no finite number here",
            finite ? value : Double.NaN,
            items,
            planned,
            metric == Metric.ACCURACY ? (int) Math.round(value * items) : 0,
            Double.NaN,
            metrics,
            0,
            0,
            Optional.empty(),
            origin,
            List.of(),
            "",
            provenance,
            "");
    return new Imported(record, samples);
  }
}
