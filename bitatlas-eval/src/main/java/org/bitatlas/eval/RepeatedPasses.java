package org.bitatlas.eval;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.bitatlas.eval.statistics.PassAtK;

/** pass@k of several runs of one task that differ in their seed. */
public final class RepeatedPasses {

  private RepeatedPasses() {}

  /**
   * {@code pass_at_K} for 1, 2, 4, ... and the number of runs: the unbiased estimate of each item,
   * averaged over the items.
   *
   * @param runs at least two, each of the same items
   * @return nothing where a run lacks an item, because then an item has fewer samples than others
   */
  public static SequencedMap<String, Double> of(List<TaskResult> runs) {
    SequencedMap<Integer, Integer> correct = new LinkedHashMap<>();
    SequencedMap<Integer, Integer> samples = new LinkedHashMap<>();
    for (TaskResult run : runs) {
      for (SampleRecord sample : run.samples()) {
        samples.merge(sample.index(), 1, Integer::sum);
        correct.merge(sample.index(), sample.correct() ? 1 : 0, Integer::sum);
      }
    }
    SequencedMap<String, Double> metrics = new LinkedHashMap<>();
    boolean whole = samples.values().stream().allMatch(count -> count == runs.size());
    if (runs.size() < 2 || samples.isEmpty() || !whole) {
      return metrics;
    }
    for (int k = 1; k < runs.size(); k *= 2) {
      metrics.put("pass_at_" + k, mean(runs.size(), correct, k));
    }
    metrics.put("pass_at_" + runs.size(), mean(runs.size(), correct, runs.size()));
    return metrics;
  }

  private static double mean(int samples, Map<Integer, Integer> correct, int k) {
    double sum = 0;
    for (int right : correct.values()) {
      sum += PassAtK.of(samples, right, k);
    }
    return sum / correct.size();
  }
}
