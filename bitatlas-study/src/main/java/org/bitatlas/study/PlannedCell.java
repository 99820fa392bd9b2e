package org.bitatlas.study;

import java.util.Objects;

/**
 * A cell a study is to fill.
 *
 * @param key key of its record
 * @param model name of the model in the study
 * @param recipe label of the row
 * @param method method of the row
 * @param bits weight bits of the row
 * @param task name of the task
 * @param mode mode of the task, may be empty
 * @param metric what the cell measures
 * @param items items to ask
 * @param quantizationKey key of the recipe's layer errors; empty for the float model
 * @param decoding name of the decoding; empty for greedy decoding and tasks without replies
 */
public record PlannedCell(
    String key,
    String model,
    String recipe,
    String method,
    int bits,
    String task,
    String mode,
    Metric metric,
    int items,
    String quantizationKey,
    String decoding) {

  /** Plans of a version that knew greedy decoding only have none. */
  public PlannedCell {
    decoding = Objects.requireNonNullElse(decoding, "");
  }

  /** The cell that a record fills. */
  public static PlannedCell of(RunRecord record) {
    return new PlannedCell(
        record.key(),
        record.model(),
        record.recipe(),
        record.method(),
        record.bits(),
        record.task(),
        record.mode(),
        record.metric(),
        record.plannedItems(),
        record.quantizationKey(),
        record.decoding());
  }

  /** The column of this cell. */
  public StudyTask column() {
    return new StudyTask(task, mode, decoding);
  }
}
