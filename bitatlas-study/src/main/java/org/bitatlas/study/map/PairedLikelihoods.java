package org.bitatlas.study.map;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bitatlas.eval.SampleRecord;
import org.bitatlas.eval.statistics.Verdict;

/**
 * Paired negative log-likelihoods of two models on the same windows of a text.
 *
 * @param differences mean negative log-likelihood per token of the second model minus that of the
 *     first, one per window
 */
record PairedLikelihoods(List<Double> differences) {
  /** Measure of a perplexity sample: sum of the negative log-likelihoods of its tokens, in nats. */
  static final String SUM = "nll";

  /** Measure of a perplexity sample: number of scored tokens. */
  static final String TOKENS = "tokens";

  private static final double NORMAL_975 = 1.959963984540054;
  private static final double NORMAL_95 = 1.6448536269514722;

  /** Empty unless both lists hold the same windows, at least two. */
  static Optional<PairedLikelihoods> of(List<SampleRecord> first, List<SampleRecord> second) {
    if (first.size() != second.size() || first.size() < 2) {
      return Optional.empty();
    }
    List<Double> differences = new ArrayList<>();
    for (int i = 0; i < first.size(); i++) {
      double before = perToken(first.get(i));
      double after = perToken(second.get(i));
      boolean same = first.get(i).promptDigest().equals(second.get(i).promptDigest());
      if (!same || !Double.isFinite(before) || !Double.isFinite(after)) {
        return Optional.empty();
      }
      differences.add(after - before);
    }
    return Optional.of(new PairedLikelihoods(List.copyOf(differences)));
  }

  private static double perToken(SampleRecord sample) {
    double sum = sample.measures().getOrDefault(SUM, Double.NaN);
    return sum / sample.measures().getOrDefault(TOKENS, Double.NaN);
  }

  /**
   * The comparison: delta is the difference of ln perplexity, with a normal interval over windows;
   * non-inferior when the one-sided 95 % upper bound is below {@code margin}.
   */
  Comparison comparison(double margin) {
    double mean = differences.stream().mapToDouble(Double::doubleValue).average().orElse(0);
    double squares = 0;
    for (double difference : differences) {
      squares += (difference - mean) * (difference - mean);
    }
    int count = differences.size();
    double error = Math.sqrt(squares / (count - 1.0) / count);
    Verdict verdict = Verdict.INCONCLUSIVE;
    if (mean + NORMAL_95 * error < margin) {
      verdict = Verdict.NON_INFERIOR;
    } else if (mean - NORMAL_95 * error > 0) {
      verdict = Verdict.WORSE;
    }
    return new Comparison(
        verdict,
        mean,
        mean - NORMAL_975 * error,
        mean + NORMAL_975 * error,
        0,
        0,
        Double.NaN,
        count,
        margin);
  }
}
