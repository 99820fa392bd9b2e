package org.bitatlas.study;

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
    String quantizationKey) {

  /** The column of this cell. */
  public StudyTask column() {
    return new StudyTask(task, mode);
  }
}
