package org.bitatlas.eval;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import org.bitatlas.eval.statistics.Interval;
import org.bitatlas.eval.statistics.StandardError;
import org.bitatlas.eval.statistics.WilsonInterval;
import org.bitatlas.eval.task.Subgroups;

/** The numbers of a generative cell, from its sample records. */
final class GenerativeMetrics {

  private GenerativeMetrics() {}

  static SequencedMap<String, Double> of(List<SampleRecord> samples) {
    SequencedMap<String, Double> metrics = new LinkedHashMap<>();
    putAccuracy(metrics, samples);
    metrics.put("truncated", mean(samples, s -> s.measure("truncated")));
    metrics.put("unclosed", share(samples, s -> s.outcome().equals("UNCLOSED")));
    metrics.put("no_answer", share(samples, s -> s.answer().isEmpty()));
    metrics.put("mean_tokens", mean(samples, SampleRecord::generatedTokens));
    metrics.put(
        "max_tokens", samples.stream().mapToDouble(SampleRecord::generatedTokens).max().orElse(0));
    metrics.put("mean_thinking_tokens", mean(samples, s -> s.measure("thinking_tokens")));
    if (samples.stream().anyMatch(s -> s.measures().containsKey("thinking_cut"))) {
      metrics.put("thinking_cut", mean(samples, s -> s.measure("thinking_cut")));
    }
    metrics.put("rep_4", mean(samples, s -> s.measure(CollapseMark.REPEATED)));
    metrics.put("tail_loop", mean(samples, s -> s.measure(CollapseMark.LOOP)));
    metrics.put("logic_collapse", share(samples, CollapseMark::collapsed));
    if (samples.stream().allMatch(CollapseMark::traced)) {
      metrics.put("answer_lost", share(samples, CollapseMark::lost));
    }
    return metrics;
  }

  /** Share of correct samples. */
  static double accuracy(List<SampleRecord> samples) {
    return share(samples, SampleRecord::correct);
  }

  /** Puts acc, its standard error and interval, and the counts. */
  static void putAccuracy(SequencedMap<String, Double> metrics, List<SampleRecord> samples) {
    int correct = Math.toIntExact(samples.stream().filter(SampleRecord::correct).count());
    int count = samples.size();
    Interval interval = WilsonInterval.of(correct, count, 0.95);
    metrics.put("acc", accuracy(samples));
    metrics.put("stderr", StandardError.ofProportion(correct, count));
    metrics.put("wilson_low", interval.low());
    metrics.put("wilson_high", interval.high());
    metrics.put("n", (double) count);
    metrics.put("correct", (double) correct);
  }

  /** Puts the accuracy of each subgroup. */
  static void putSubgroups(
      SequencedMap<String, Double> metrics, Subgroups groups, List<SampleRecord> samples) {
    for (Subgroups.Range range : groups.ranges()) {
      List<SampleRecord> part =
          samples.stream().filter(s -> range.contains((int) s.measure(groups.field()))).toList();
      if (!part.isEmpty()) {
        metrics.put(groups.metric(range), share(part, SampleRecord::correct));
      }
    }
  }

  private static double share(List<SampleRecord> samples, Predicate<SampleRecord> test) {
    return (double) samples.stream().filter(test).count() / samples.size();
  }

  // Sums in item order, so that the result does not depend on how a stream splits.
  private static double mean(List<SampleRecord> samples, ToDoubleFunction<SampleRecord> value) {
    double sum = 0;
    for (SampleRecord sample : samples) {
      sum += value.applyAsDouble(sample);
    }
    return sum / samples.size();
  }
}
