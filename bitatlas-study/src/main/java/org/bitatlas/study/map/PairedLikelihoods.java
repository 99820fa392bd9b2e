package org.bitatlas.study.map;

import java.util.List;
import java.util.Optional;
import org.bitatlas.eval.SampleRecord;
import org.bitatlas.eval.statistics.Interval;
import org.bitatlas.eval.statistics.LogPerplexityRatio;
import org.bitatlas.eval.statistics.MinimumDetectableEffect;
import org.bitatlas.eval.statistics.NonInferiority;
import org.bitatlas.eval.statistics.Verdict;
import org.bitatlas.study.map.Comparison.Ratio;
import org.bitatlas.study.map.Comparison.Significance;

/**
 * Paired negative log-likelihoods of two models on the same parts (windows or documents) of a text.
 *
 * @param ratio ln of the ratio of the perplexities
 */
record PairedLikelihoods(LogPerplexityRatio ratio) {
  /** Measure of a perplexity sample: sum of the negative log-likelihoods of its tokens, in nats. */
  static final String SUM = "nll";

  /** Measure of a perplexity sample: number of scored tokens. */
  static final String TOKENS = "tokens";

  /** Measure of a document: words as written, which its perplexity is per. */
  static final String WORDS = "words";

  /** Empty unless both lists hold the same parts, at least two. */
  static Optional<PairedLikelihoods> of(List<SampleRecord> first, List<SampleRecord> second) {
    int parts = first.size();
    if (parts != second.size() || parts < 2) {
      return Optional.empty();
    }
    double[] before = new double[parts];
    double[] after = new double[parts];
    double[] units = new double[parts];
    for (int i = 0; i < parts; i++) {
      before[i] = first.get(i).measure(SUM);
      after[i] = second.get(i).measure(SUM);
      double words = first.get(i).measure(WORDS);
      units[i] = Double.isNaN(words) ? first.get(i).measure(TOKENS) : words;
      boolean same = first.get(i).promptDigest().equals(second.get(i).promptDigest());
      if (!same || !Double.isFinite(before[i] + after[i] + units[i])) {
        return Optional.empty();
      }
    }
    return Optional.of(new PairedLikelihoods(LogPerplexityRatio.of(before, after, units)));
  }

  /**
   * The comparison: delta is the difference of ln perplexity, with a normal interval over the
   * parts; non-inferior when the one-sided 95 % upper bound is below {@code margin}.
   */
  Comparison comparison(double margin, double noise) {
    Interval bounds = ratio.interval(0.90);
    Interval interval = ratio.interval(0.95);
    Verdict alone = NonInferiority.verdict(new Interval(-bounds.high(), -bounds.low()), margin);
    return new Comparison(
        alone,
        ratio.ratio(),
        interval.low(),
        interval.high(),
        0,
        0,
        0,
        Double.NaN,
        ratio.parts(),
        ratio.parts(),
        margin,
        new Significance(alone, ratio.worse(), ratio.worse(), noise),
        Ratio.NONE,
        MinimumDetectableEffect.of(ratio.standardError()));
  }
}
