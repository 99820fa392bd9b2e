package org.bitatlas.eval;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import org.bitatlas.eval.statistics.ClusteredError;
import org.bitatlas.eval.statistics.Clusters;
import org.bitatlas.eval.statistics.Quantile;
import org.bitatlas.generate.TokenDivergences;
import org.bitatlas.generate.TokenScores;

/**
 * The distance of a model to the float model on the tokens of a text: sums in the measures of each
 * sample, the values of all its tokens in its output (base64 of pairs of fp32: divergence, change),
 * and quantiles over all tokens of the cell in its metrics.
 */
final class DistanceMeasures {
  private static final String MARK = "distance:";
  private static final String SUM = "kl";
  private static final String SAME_TOP = "same_top";

  private DistanceMeasures() {}

  /** Puts the sums of a sample, and gives its output; empty where there was no reference. */
  static String put(SequencedMap<String, Double> measures, List<TokenScores> scores) {
    List<TokenDivergences> parts =
        scores.stream().map(TokenScores::distance).flatMap(Optional::stream).toList();
    if (parts.isEmpty()) {
      return "";
    }
    int tokens = parts.stream().mapToInt(part -> part.changes().length).sum();
    ByteBuffer values = ByteBuffer.allocate(8 * tokens).order(ByteOrder.LITTLE_ENDIAN);
    double sum = 0;
    double same = 0;
    for (TokenDivergences part : parts) {
      for (int t = 0; t < part.changes().length; t++) {
        sum += part.divergences()[t];
        same += part.sameTop()[t] ? 1 : 0;
        values.putFloat((float) part.divergences()[t]).putFloat((float) part.changes()[t]);
      }
    }
    measures.put(SUM, sum);
    measures.put(SAME_TOP, same);
    return MARK + Base64.getEncoder().encodeToString(values.array());
  }

  /** Puts the numbers of a cell, where its samples have the distance. */
  static void putMetrics(SequencedMap<String, Double> metrics, List<SampleRecord> samples) {
    if (samples.isEmpty() || !samples.stream().allMatch(s -> s.output().startsWith(MARK))) {
      return;
    }
    List<Integer> windows = new ArrayList<>();
    double[][] values = values(samples, windows);
    double[] divergences = values[0];
    double[] changes = values[1];
    int tokens = divergences.length;
    double sum = 0;
    double same = 0;
    for (SampleRecord sample : samples) {
      sum += sample.measure(SUM);
      same += sample.measure(SAME_TOP);
    }
    metrics.put("kl_mean", sum / tokens);
    metrics.put("kl_stderr", ClusteredError.ofMean(divergences, Clusters.of(windows)));
    Arrays.sort(divergences);
    metrics.put("kl_median", Quantile.ofSorted(divergences, 0.5));
    metrics.put("kl_p95", Quantile.ofSorted(divergences, 0.95));
    metrics.put("kl_p99", Quantile.ofSorted(divergences, 0.99));
    metrics.put("kl_p999", Quantile.ofSorted(divergences, 0.999));
    metrics.put("kl_max", divergences[tokens - 1]);
    metrics.put("top1_agreement", same / tokens);
    double squares = 0;
    for (double change : changes) {
      squares += change * change;
    }
    metrics.put("dp_rms", Math.sqrt(squares / tokens));
    Arrays.sort(changes);
    metrics.put("dp_p1", Quantile.ofSorted(changes, 0.01));
    metrics.put("dp_p5", Quantile.ofSorted(changes, 0.05));
    metrics.put("dp_median", Quantile.ofSorted(changes, 0.5));
    metrics.put("dp_p95", Quantile.ofSorted(changes, 0.95));
    metrics.put("dp_p99", Quantile.ofSorted(changes, 0.99));
  }

  /** Divergences and changes of all tokens; adds the window of each. */
  private static double[][] values(List<SampleRecord> samples, List<Integer> windows) {
    List<ByteBuffer> parts = new ArrayList<>();
    for (int window = 0; window < samples.size(); window++) {
      String output = samples.get(window).output();
      byte[] bytes = Base64.getDecoder().decode(output.substring(MARK.length()));
      parts.add(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN));
      for (int token = 0; token < bytes.length / 8; token++) {
        windows.add(window);
      }
    }
    double[][] values = new double[2][windows.size()];
    int next = 0;
    for (ByteBuffer part : parts) {
      while (part.hasRemaining()) {
        values[0][next] = part.getFloat();
        values[1][next++] = part.getFloat();
      }
    }
    return values;
  }
}
