package org.bitatlas.eval;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.bitatlas.eval.statistics.ClusteredBootstrap;
import org.bitatlas.eval.statistics.ClusteredError;
import org.bitatlas.eval.statistics.Clusters;
import org.bitatlas.eval.statistics.HolmAdjustment;
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
  private static final double LEVEL = 0.05;

  /** The numbers behind a verdict. */
  public sealed interface Evidence {

    /** One-sided 95 % bounds of the difference, each on its own; more is better. */
    Interval bounds();
  }

  /**
   * Accuracies.
   *
   * @param counts items by who is right
   * @param clusters what is drawn together: as many as items where they stand alone
   * @param bounds bounds of the difference of accuracy: Tango's score interval, and where items
   *     belong together the wider of it and of the clustered bootstrap
   * @param mcNemar exact two-sided p-value, which knows of no clusters
   * @param worse one-sided p-value of the claim that the second is worse; with clusters
   *     Obuchowski's test, never below the exact one
   * @param minimumDetectableEffect smallest difference found with 80 % power at this flip rate, or
   *     at the clustered error
   */
  public record Accuracy(
      PairedCounts counts,
      int clusters,
      Interval bounds,
      double mcNemar,
      double worse,
      double minimumDetectableEffect)
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
          boolean[] before = verdicts(first.samples());
          boolean[] after = verdicts(second.samples());
          PairedCounts counts = PairedCounts.of(before, after);
          Clusters clusters =
              Clusters.of(second.samples().stream().map(SampleRecord::unit).toList());
          Accuracy evidence =
              clusters.alone() ? alone(counts) : clustered(counts, clusters, before, after);
          return of(evidence, counts.difference(), margin);
        });
  }

  private static Accuracy alone(PairedCounts counts) {
    return new Accuracy(
        counts,
        counts.items(),
        NonInferiority.bounds(counts),
        McNemarTest.exact(counts.lost(), counts.gained()),
        McNemarTest.worse(counts.lost(), counts.gained()),
        MinimumDetectableEffect.of(counts.flips(), counts.items()));
  }

  private static Accuracy clustered(
      PairedCounts counts, Clusters clusters, boolean[] before, boolean[] after) {
    double[] first = numbers(before);
    double[] second = numbers(after);
    double[] changes = new double[first.length];
    for (int i = 0; i < changes.length; i++) {
      changes[i] = second[i] - first[i];
    }
    Interval drawn =
        ClusteredBootstrap.of(first, second, clusters, BOOTSTRAP_SEED, RESAMPLES).interval(0.90);
    // Where nothing changed a bootstrap has no width: then there are as many items as clusters.
    Interval score =
        NonInferiority.bounds(
            counts.lost() + counts.gained() > 0
                ? counts
                : new PairedCounts(clusters.count(), 0, 0, 0));
    double error = Math.max(ClusteredError.ofMean(changes, clusters), 1.0 / changes.length);
    return new Accuracy(
        counts,
        clusters.count(),
        new Interval(Math.min(drawn.low(), score.low()), Math.max(drawn.high(), score.high())),
        McNemarTest.exact(counts.lost(), counts.gained()),
        McNemarTest.worse(before, after, clusters),
        MinimumDetectableEffect.of(error));
  }

  private static double[] numbers(boolean[] verdicts) {
    double[] numbers = new double[verdicts.length];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = verdicts[i] ? 1 : 0;
    }
    return numbers;
  }

  /**
   * Several comparisons of accuracies at once: a WORSE stays one only where its claim holds at 5 %
   * among all of them (Holm).
   */
  public static List<Comparison> together(List<Comparison> comparisons) {
    double[] claims =
        HolmAdjustment.of(comparisons.stream().mapToDouble(Comparison::claim).toArray());
    List<Comparison> adjusted = new ArrayList<>();
    for (int i = 0; i < claims.length; i++) {
      Comparison one = comparisons.get(i);
      boolean stays = one.verdict() != Verdict.WORSE || claims[i] < LEVEL;
      adjusted.add(
          stays
              ? one
              : new Comparison(
                  Verdict.INCONCLUSIVE,
                  String.format(
                      Locale.ROOT,
                      "%s; not worse among %d comparisons (p %.3f after Holm)",
                      one.reason(),
                      claims.length,
                      claims[i]),
                  one.evidence()));
    }
    return List.copyOf(adjusted);
  }

  /** The p-value of the claim that the second is worse; 1 where none is made. */
  private double claim() {
    return evidence
        .map(found -> found instanceof Accuracy accuracy ? accuracy.worse() : 1.0)
        .orElse(1.0);
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
