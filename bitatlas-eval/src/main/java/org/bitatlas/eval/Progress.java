package org.bitatlas.eval;

/**
 * How far a task is.
 *
 * @param task name of the task
 * @param finishedItems items scored or replies finished so far
 * @param plannedItems items to ask
 */
public record Progress(String task, int finishedItems, int plannedItems) {}
