package org.bitatlas.study;

/**
 * A task in one mode: one column of the map.
 *
 * @param task name of the suite, for example {@code gsm_nano}, or {@code perplexity}
 * @param mode {@code slow_think}, {@code no_think} or {@code auto_think}; empty for a task or model
 *     without modes
 */
public record StudyTask(String task, String mode) {

  /** Name of the column, for example {@code gsm_nano slow_think}. */
  public String label() {
    return mode.isEmpty() ? task : task + " " + mode;
  }
}
