package org.bitatlas.study;

import java.util.List;

/** Told what a study is doing. Every method may be left out. */
public interface StudyListener {

  /** A listener that is not interested. */
  StudyListener SILENT = new StudyListener() {};

  /** The grid is known; {@code stored} of its cells are already in the store. */
  default void planned(List<PlannedCell> cells, int stored) {}

  /** A recipe's checkpoint is being made. */
  default void quantizing(String model, String recipe) {}

  /** A cell begins; {@code number} counts from 1 over all cells of the grid. */
  default void cellStarted(PlannedCell cell, int number, int total) {}

  /** An item of the running cell is done; may be called from any thread. */
  default void progress(StudyProgress progress) {}

  /** A cell is in the store. */
  default void cellFinished(RunRecord record, int number, int total) {}

  /** Whether the study is to stop as soon as it can; asked after every item. */
  default boolean cancelled() {
    return false;
  }
}
