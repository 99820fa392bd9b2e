package org.bitatlas.cli;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.bitatlas.eval.CellState;
import org.bitatlas.eval.TaskResult;
import org.bitatlas.eval.task.Task;

/** A row of what {@code evaluate} prints: task, mode and figure. */
final class EvaluatedRow {

  private EvaluatedRow() {}

  /** The figure of a task that was run here, with what it has besides its primary number. */
  static String figure(Task task, TaskResult result, long nanos) {
    if (result.state() != CellState.OK) {
      return result.state().name().toLowerCase(Locale.ROOT) + ": " + result.reason();
    }
    boolean isPerplexity = task.measure() == Task.Measure.PERPLEXITY;
    return String.format(
        Locale.ROOT,
        "%9s  of %d items in %s (%s items/s)%s%s",
        Figures.primary(isPerplexity, result.primary()),
        result.samples().size(),
        Amounts.time(Duration.ofNanos(nanos)),
        Figures.rate(1e9 * result.samples().size() / nanos),
        thinkingCut(result),
        besides(result, isPerplexity));
  }

  /** What a task without replies has besides its primary number. */
  private static String besides(TaskResult result, boolean isPerplexity) {
    StringBuilder text = new StringBuilder();
    if (result.metrics().containsKey("floor")) {
      for (String name : List.of("acc", "acc_norm", "acc_bytes", "floor")) {
        result
            .metric(name)
            .ifPresent(
                value -> text.append(String.format(Locale.ROOT, ", %s %.2f", name, 100 * value)));
      }
    }
    for (String name :
        isPerplexity ? List.of("byte_perplexity", "bits_per_byte") : List.of("perplexity")) {
      result
          .metric(name)
          .ifPresent(value ->
              text.append(String.format(Locale.ROOT, ", %s %.4f", name.replace('_', ' '), value)));
    }
    return text.toString();
  }

  private static String thinkingCut(TaskResult result) {
    Double cut = result.metrics().get("thinking_cut");
    return cut == null ? "" : String.format(Locale.ROOT, ", thinking cut: %.0f %%", 100 * cut);
  }

  /** Prints a row, the figure wrapped below its own start. */
  static void print(PrintWriter out, String task, String mode, String figure) {
    String start = String.format(Locale.ROOT, "%-20s %-11s ", task, mode);
    for (String part : FactSheet.wrapped(figure.strip(), FactSheet.WIDTH - start.length())) {
      out.println(start + part);
      start = " ".repeat(start.length());
    }
    out.flush();
  }
}
