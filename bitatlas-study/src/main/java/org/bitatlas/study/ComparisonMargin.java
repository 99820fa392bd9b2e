package org.bitatlas.study;

import java.util.SequencedMap;
import java.util.stream.Collectors;

/**
 * Margin of the paired non-inferiority comparison with the float model, chosen before the study.
 *
 * @param points margin in percentage points for every task that is not named
 * @param tasks margins in percentage points by task name
 * @param pooled margin in percentage points for all tasks of a row together
 */
public record ComparisonMargin(double points, SequencedMap<String, Double> tasks, double pooled) {

  /** In words, for example {@code 2.0 points (bool_nano 1.0), 1.0 over all tasks}. */
  public String words() {
    String named =
        tasks.entrySet().stream()
            .map(task -> task.getKey() + " " + task.getValue())
            .collect(Collectors.joining(", "));
    return "%s points%s, %s over all tasks"
        .formatted(points, named.isEmpty() ? "" : " (" + named + ")", pooled);
  }

  /** Margin of a task in percentage points. */
  public double of(String task) {
    return tasks.getOrDefault(task, points);
  }
}
