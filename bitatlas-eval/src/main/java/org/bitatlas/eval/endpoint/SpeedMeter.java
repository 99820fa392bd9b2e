package org.bitatlas.eval.endpoint;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/**
 * Speed of a server as this side sees it, network and queue included. Thread-safe. Replies that
 * were taken from a journal do not count.
 */
public final class SpeedMeter {
  private static final double SECOND = 1e9;

  private final List<Double> firstTokens = new ArrayList<>();
  private final List<Double> rates = new ArrayList<>();
  private long tokens;
  private long begin = Long.MAX_VALUE;
  private long end = Long.MIN_VALUE;

  /** Forgets what was measured. */
  public synchronized void reset() {
    firstTokens.clear();
    rates.clear();
    tokens = 0;
    begin = Long.MAX_VALUE;
    end = Long.MIN_VALUE;
  }

  /** Counts a reply of {@code count} tokens. */
  synchronized void add(StreamedReply.Times times, int count) {
    tokens += count;
    begin = Math.min(begin, times.sent());
    end = Math.max(end, times.last());
    if (times.first().isPresent()) {
      long first = times.first().getAsLong();
      firstTokens.add((first - times.sent()) / SECOND);
      if (count > 1 && times.last() > first) {
        rates.add((count - 1) * SECOND / (times.last() - first));
      }
    }
  }

  /**
   * Time to first token in seconds (median and 95th percentile), tokens per second of all replies
   * together from the first request to the last token, and of one reply after its first token
   * (median); empty when nothing was measured.
   */
  public synchronized SequencedMap<String, Double> metrics() {
    SequencedMap<String, Double> metrics = new LinkedHashMap<>();
    if (firstTokens.isEmpty()) {
      return metrics;
    }
    metrics.put("ttft_seconds_median", quantile(firstTokens, 0.5));
    metrics.put("ttft_seconds_p95", quantile(firstTokens, 0.95));
    if (end > begin) {
      metrics.put("tokens_per_second", tokens * SECOND / (end - begin));
    }
    if (!rates.isEmpty()) {
      metrics.put("tokens_per_second_one_reply_median", quantile(rates, 0.5));
    }
    return metrics;
  }

  /** Linear interpolation between order statistics, as numpy has it. */
  private static double quantile(List<Double> values, double share) {
    List<Double> sorted = values.stream().sorted().toList();
    double place = share * (sorted.size() - 1);
    int below = (int) place;
    int above = Math.min(below + 1, sorted.size() - 1);
    return sorted.get(below) + (place - below) * (sorted.get(above) - sorted.get(below));
  }
}
