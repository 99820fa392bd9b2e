package org.bitatlas.study;

/**
 * How a run of a study ended. The map is made from the store: {@code AccuracyMap.of(store, spec)}.
 *
 * @param cells cells of the grid
 * @param reused cells that were in the store before
 * @param evaluated cells this run finished
 * @param failed cells of this run that failed
 * @param cancelled whether the run was stopped before the last cell
 */
public record StudyOutcome(int cells, int reused, int evaluated, int failed, boolean cancelled) {}
