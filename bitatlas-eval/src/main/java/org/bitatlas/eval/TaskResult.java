package org.bitatlas.eval;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.OptionalDouble;
import java.util.SequencedMap;

/**
 * Result of one task for one model in one mode.
 *
 * @param state state of the cell
 * @param reason why the state is not OK; empty when it is
 * @param primary the number the map shows: accuracy in 0..1, or perplexity; NaN when the cell has
 *     none (NON_FINITE, SKIPPED, FAILED)
 * @param metrics all metrics by name: acc, acc_norm, exact_match, perplexity, mean_tokens,
 *     truncated, unclosed, ...
 * @param samples one record per item that was asked, in suite order
 * @param plannedItems items the task has; {@code samples} is shorter after an early stop
 */
public record TaskResult(
    CellState state,
    String reason,
    double primary,
    SequencedMap<String, Double> metrics,
    List<SampleRecord> samples,
    int plannedItems) {

  /** A metric by name, empty when this cell does not have it. */
  public OptionalDouble metric(String name) {
    Double value = metrics.get(name);
    return value == null ? OptionalDouble.empty() : OptionalDouble.of(value);
  }

  /** The same cell with other records of its items. */
  public TaskResult with(List<SampleRecord> others) {
    return new TaskResult(state, reason, primary, metrics, List.copyOf(others), plannedItems);
  }

  /** A cell that was not run. */
  public static TaskResult skipped(String reason, int plannedItems) {
    return new TaskResult(
        CellState.SKIPPED, reason, Double.NaN, new LinkedHashMap<>(), List.of(), plannedItems);
  }
}
