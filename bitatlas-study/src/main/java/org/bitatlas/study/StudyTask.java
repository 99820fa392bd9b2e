package org.bitatlas.study;

import java.util.Objects;

/**
 * A task in one mode under one decoding: one column of the map.
 *
 * @param task name of the suite, for example {@code gsm_nano}, or {@code perplexity}
 * @param mode {@code slow_think}, {@code no_think} or {@code auto_think}; empty for a task or model
 *     without modes
 * @param decoding name of the decoding; empty for greedy decoding and tasks without replies
 */
public record StudyTask(String task, String mode, String decoding) {

  /** Columns of a version that knew greedy decoding only have none. */
  public StudyTask {
    decoding = Objects.requireNonNullElse(decoding, "");
  }

  /** A task in one mode, decoded greedily. */
  public StudyTask(String task, String mode) {
    this(task, mode, "");
  }

  /** Mode and decoding, as far as there are any. */
  public String manner() {
    return (mode + (mode.isEmpty() || decoding.isEmpty() ? "" : ", ") + decoding).strip();
  }

  /** Name of the column, for example {@code gsm_nano slow_think}. */
  public String label() {
    return (task + " " + manner()).strip();
  }
}
