package org.bitatlas.eval;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import org.bitatlas.eval.statistics.ClusteredError;
import org.bitatlas.eval.statistics.Clusters;
import org.bitatlas.eval.statistics.Interval;

/** Several runs of one task, with another seed each, as one result. */
public final class Repetitions {
  private static final Set<String> SUMS = Set.of("n", "correct", "non_finite");

  private Repetitions() {}

  /**
   * The runs together: accuracy and metrics are means over the runs, {@code acc_run_sd} is the
   * standard deviation of the accuracy between them, {@code pass_at_K} comes from {@link
   * RepeatedPasses}, error and interval are those of items that are drawn with all their
   * repetitions. The state is that of the first run that is not OK.
   *
   * @param runs at least one
   */
  public static TaskResult joined(List<TaskResult> runs) {
    if (runs.size() == 1) {
      return runs.getFirst();
    }
    List<SampleRecord> samples = new ArrayList<>();
    int planned = 0;
    double primary = 0;
    for (int run = 0; run < runs.size(); run++) {
      int repetition = run;
      runs.get(run).samples().forEach(sample -> samples.add(sample.repeated(repetition)));
      planned += runs.get(run).plannedItems();
      primary += runs.get(run).primary() / runs.size();
    }
    Optional<TaskResult> broken =
        runs.stream().filter(run -> run.state() != CellState.OK).findFirst();
    return new TaskResult(
        broken.map(TaskResult::state).orElse(CellState.OK),
        broken.map(run -> "seed " + (runs.indexOf(run) + 1) + ": " + run.reason()).orElse(""),
        primary,
        metrics(runs, samples),
        List.copyOf(samples),
        planned);
  }

  private static SequencedMap<String, Double> metrics(
      List<TaskResult> runs, List<SampleRecord> samples) {
    SequencedMap<String, Double> metrics = new LinkedHashMap<>();
    for (String name : runs.getFirst().metrics().keySet()) {
      double sum = 0;
      double largest = Double.NEGATIVE_INFINITY;
      for (TaskResult run : runs) {
        double value = run.metric(name).orElse(Double.NaN);
        sum += value;
        largest = Math.max(largest, value);
      }
      double value = SUMS.contains(name) ? sum : sum / runs.size();
      metrics.put(name, name.startsWith("max_") ? largest : value);
    }
    if (metrics.containsKey("acc") && !samples.isEmpty()) {
      double[] right = samples.stream().mapToDouble(s -> s.correct() ? 1 : 0).toArray();
      Clusters clusters = Clusters.of(samples.stream().map(SampleRecord::unit).toList());
      Interval interval = ClusteredError.ofShare(right, clusters, 0.95);
      metrics.put("stderr", ClusteredError.ofMean(right, clusters));
      metrics.put("wilson_low", interval.low());
      metrics.put("wilson_high", interval.high());
      metrics.put("acc_run_sd", deviation(runs, metrics.get("acc")));
      metrics.put("runs", (double) runs.size());
      metrics.putAll(RepeatedPasses.of(runs));
    }
    return metrics;
  }

  private static double deviation(List<TaskResult> runs, double mean) {
    double squares = 0;
    for (TaskResult run : runs) {
      double difference = run.metric("acc").orElse(Double.NaN) - mean;
      squares += difference * difference;
    }
    return Math.sqrt(squares / (runs.size() - 1));
  }
}
