package org.bitatlas.study.diagnosis;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.bitatlas.eval.SampleRecord;
import org.bitatlas.eval.statistics.ClusteredBootstrap;
import org.bitatlas.eval.statistics.Interval;
import org.bitatlas.study.Metric;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.RunStore;
import org.bitatlas.study.StudyRecipe;
import org.bitatlas.study.map.ItemPairs;

/**
 * What another calibration of the same recipe changes: each row against the first one of its recipe
 * in the study, on the same items.
 *
 * @param row label of the row
 * @param first label of the row it is compared with
 * @param what the column and the unit
 * @param percent whether the numbers are shares, to be written as points
 * @param before mean of the first row: accuracy, or KL to float in nats per token
 * @param after mean of the row
 * @param interval two-sided 95 % interval of after less before: bootstrap over items, 10,000
 *     resamples; not adjusted for the number of comparisons
 * @param items items both were asked
 */
public record CalibrationDifference(
    String row,
    String first,
    String what,
    boolean percent,
    double before,
    double after,
    Interval interval,
    int items) {

  private static final int RESAMPLES = 10_000;
  private static final long SEED = 0;
  private static final String DIVERGENCE = "kl";
  private static final String TOKENS = "tokens";

  /** All that the records of the last study in a store allow to say; none without such rows. */
  public static List<CalibrationDifference> of(RunStore store) {
    Map<List<Object>, RunRecord> firsts = new LinkedHashMap<>();
    List<CalibrationDifference> differences = new ArrayList<>();
    store.plan().stream()
        .flatMap(cell -> store.record(cell.key()).stream())
        .filter(record -> record.inputs().containsKey("calibration"))
        .forEach(record -> {
          RunRecord first = firsts.putIfAbsent(recipeAndColumn(record), record);
          if (first != null && !calibration(first).equals(calibration(record))) {
            compared(store, first, record).ifPresent(differences::add);
          }
        });
    return List.copyOf(differences);
  }

  private static String calibration(RunRecord record) {
    return record.inputs().getOrDefault("calibration", "");
  }

  private static List<Object> recipeAndColumn(RunRecord record) {
    Map<String, String> options = new LinkedHashMap<>();
    record
        .inputs()
        .forEach((name, value) -> {
          if (name.startsWith(StudyRecipe.INPUT_PREFIX) || name.equals("kernels")) {
            options.put(name, value);
          }
        });
    return List.of(record.model(), options, record.column());
  }

  private static Optional<CalibrationDifference> compared(
      RunStore store, RunRecord first, RunRecord record) {
    boolean accuracy = record.metric() != Metric.PERPLEXITY;
    return ItemPairs.of(store.samples(first.key()), store.samples(record.key()))
        .flatMap(pairs -> of(pairs, accuracy, first, record));
  }

  private static Optional<CalibrationDifference> of(
      ItemPairs pairs, boolean accuracy, RunRecord first, RunRecord record) {
    double[] before = accuracy ? ItemPairs.scores(pairs.first()) : divergence(pairs.first());
    double[] after = accuracy ? ItemPairs.scores(pairs.second()) : divergence(pairs.second());
    double firstMean = mean(before);
    double secondMean = mean(after);
    if (!Double.isFinite(firstMean + secondMean)) {
      return Optional.empty();
    }
    ClusteredBootstrap drawn =
        ClusteredBootstrap.of(before, after, pairs.clusters(), SEED, RESAMPLES);
    return Optional.of(
        new CalibrationDifference(
            record.recipe(),
            first.recipe(),
            record.column().label() + (accuracy ? ", accuracy" : ", KL to float, nats per token"),
            accuracy,
            firstMean,
            secondMean,
            drawn.interval(0.95),
            before.length));
  }

  /** KL of each part of a text, so that their mean is the mean over tokens. */
  private static double[] divergence(List<SampleRecord> parts) {
    double tokens = parts.stream().mapToDouble(part -> part.measure(TOKENS)).average().orElse(1);
    return parts.stream().mapToDouble(part -> part.measure(DIVERGENCE) / tokens).toArray();
  }

  private static double mean(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return sum / values.length;
  }

  /** The row less the first one. */
  public double difference() {
    return after - before;
  }

  /** In words, one line. */
  public String line() {
    return percent
        ? String.format(
            Locale.ROOT,
            "%s, %s: %.1f %%, %+.1f points [%+.1f, %+.1f] against %s (%.1f %%), %d items",
            row,
            what,
            100 * after,
            100 * difference(),
            100 * interval.low(),
            100 * interval.high(),
            first,
            100 * before,
            items)
        : String.format(
            Locale.ROOT,
            "%s, %s: %.5f, %+.5f [%+.5f, %+.5f] against %s (%.5f), %d windows",
            row,
            what,
            after,
            difference(),
            interval.low(),
            interval.high(),
            first,
            before,
            items);
  }
}
