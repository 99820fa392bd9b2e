package org.bitatlas.eval;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.bitatlas.eval.statistics.Interval;
import org.bitatlas.eval.statistics.McNemarTest;
import org.bitatlas.eval.statistics.MinimumDetectableEffect;
import org.bitatlas.eval.statistics.NonInferiority;
import org.bitatlas.eval.statistics.PairedBootstrap;
import org.bitatlas.eval.statistics.PairedCounts;
import org.bitatlas.eval.statistics.Verdict;

/**
 * Two cells of the same task on the same items, the first one usually the float model.
 *
 * @param verdict the outcome of the non-inferiority test
 * @param reason why the cells cannot be compared, or the numbers of the test
 * @param evidence the numbers; empty when the cells cannot be compared
 */
public record Comparison(Verdict verdict, String reason, Optional<Evidence> evidence) {

  private static final long BOOTSTRAP_SEED = 1;
  private static final int RESAMPLES = 10_000;

  /** The numbers behind a verdict. */
  public sealed interface Evidence {

    /** One-sided 95 % bounds of the difference, each on its own; more is better. */
    Interval bounds();
  }

  /**
   * Accuracies.
   *
   * @param counts items by who is right
   * @param bounds bounds of the difference of accuracy (Tango's score interval)
   * @param mcNemar exact two-sided p-value
   * @param minimumDetectableEffect smallest difference found with 80 % power at this flip rate
   */
  public record Accuracy(
      PairedCounts counts, Interval bounds, double mcNemar, double minimumDetectableEffect)
      implements Evidence {}

  /**
   * Perplexities.
   *
   * @param difference mean over the windows of the gain in log-likelihood per token; minus the
   *     logarithm of the ratio of the perplexities
   * @param bounds bounds of the difference (paired bootstrap over windows)
   */
  public record Perplexity(double difference, Interval bounds) implements Evidence {}

  /**
   * Compares accuracies.
   *
   * @param margin loss of accuracy that counts as none, chosen before the run
   */
  public static Comparison ofAccuracy(TaskResult first, TaskResult second, double margin) {
    return obstacle(first, second)
        .orElseGet(() -> {
          PairedCounts counts =
              PairedCounts.of(verdicts(first.samples()), verdicts(second.samples()));
          Interval bounds = NonInferiority.bounds(counts);
          Accuracy evidence =
              new Accuracy(
                  counts,
                  bounds,
                  McNemarTest.exact(counts.lost(), counts.gained()),
                  MinimumDetectableEffect.of(counts.flips(), counts.items()));
          return of(evidence, counts.difference(), margin);
        });
  }

  /**
   * Compares perplexities.
   *
   * @param margin loss of log-likelihood per token, in nats, that counts as none, chosen before the
   *     run; 0.01 is about 1 % of perplexity
   */
  public static Comparison ofPerplexity(TaskResult first, TaskResult second, double margin) {
    return obstacle(first, second)
        .orElseGet(() -> {
          PairedBootstrap bootstrap =
              PairedBootstrap.of(
                  perToken(first.samples()), perToken(second.samples()), BOOTSTRAP_SEED, RESAMPLES);
          Perplexity evidence =
              new Perplexity(bootstrap.meanDifference(), NonInferiority.bounds(bootstrap));
          return of(evidence, bootstrap.meanDifference(), margin);
        });
  }

  private static Comparison of(Evidence evidence, double difference, double margin) {
    String reason =
        String.format(
            Locale.ROOT,
            "difference %+.4f, one-sided 95 %% bounds %+.4f and %+.4f, margin %.4f",
            difference,
            evidence.bounds().low(),
            evidence.bounds().high(),
            margin);
    Verdict verdict = NonInferiority.verdict(evidence.bounds(), margin);
    return new Comparison(verdict, reason, Optional.of(evidence));
  }

  private static Optional<Comparison> obstacle(TaskResult first, TaskResult second) {
    if (first.state() != CellState.OK || second.state() != CellState.OK) {
      return Optional.of(
          notComparable("the cells are " + first.state() + " and " + second.state()));
    }
    if (first.samples().isEmpty() || !items(first).equals(items(second))) {
      return Optional.of(notComparable("the cells did not ask the same items in the same words"));
    }
    return Optional.empty();
  }

  private static Comparison notComparable(String reason) {
    return new Comparison(Verdict.NOT_COMPARABLE, reason, Optional.empty());
  }

  private static List<String> items(TaskResult result) {
    return result.samples().stream()
        .map(sample -> sample.index() + " " + sample.promptDigest())
        .toList();
  }

  private static boolean[] verdicts(List<SampleRecord> samples) {
    boolean[] verdicts = new boolean[samples.size()];
    for (int i = 0; i < verdicts.length; i++) {
      verdicts[i] = samples.get(i).correct();
    }
    return verdicts;
  }

  private static double[] perToken(List<SampleRecord> samples) {
    return samples.stream()
        .mapToDouble(sample -> -sample.measure("nll") / sample.measure("tokens"))
        .toArray();
  }
}
