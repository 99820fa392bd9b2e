package org.bitatlas.study;

import java.util.SequencedMap;

/**
 * Margin of the paired non-inferiority comparison with the float model, chosen before the study.
 *
 * @param points margin in percentage points for every task that is not named
 * @param tasks margins in percentage points by task name
 * @param pooled margin in percentage points for all tasks of a row together
 */
public record ComparisonMargin(double points, SequencedMap<String, Double> tasks, double pooled) {

  /** Margin of a task in percentage points. */
  public double of(String task) {
    return tasks.getOrDefault(task, points);
  }
}
