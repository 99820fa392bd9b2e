package org.bitatlas.study.findings;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bitatlas.eval.SampleRecord;
import org.bitatlas.eval.statistics.ClusteredBootstrap;
import org.bitatlas.eval.statistics.Clusters;
import org.bitatlas.eval.statistics.Interval;
import org.bitatlas.eval.statistics.McNemarTest;
import org.bitatlas.eval.statistics.MinimumDetectableEffect;
import org.hipparchus.distribution.continuous.NormalDistribution;

/**
 * The same items asked of two models in float and quantized: how much more the first loses than the
 * second, a difference of differences. What an item loses is 1 where float has it right and the
 * quantized model wrong, -1 the other way round, and 0 else; an item is drawn with all its answers
 * (several settings, modes, repetitions), and with the items of its cluster.
 */
final class ExcessHarm {
  private static final long SEED = 7;
  private static final int RESAMPLES = 4000;

  private final List<Double> first = new ArrayList<>();
  private final List<Double> second = new ArrayList<>();
  private final List<String> units = new ArrayList<>();

  /**
   * What was found.
   *
   * @param first mean loss of the first model, as a share of the items
   * @param second mean loss of the second
   * @param interval 95 % interval of first - second, by clustered bootstrap
   * @param bounds one-sided 95 % bounds of it
   * @param pValue one-sided p-value of "the first loses more": the normal tail of the clustered
   *     sum, never below the exact sign test of the units
   * @param answers paired answers
   * @param units items that were drawn
   * @param detectable difference found in four of five cases
   */
  record Result(
      double first,
      double second,
      Interval interval,
      Interval bounds,
      double pValue,
      int answers,
      int units,
      double detectable) {

    double excess() {
      return first - second;
    }
  }

  /**
   * Adds a task under one setting.
   *
   * @param task name that tells items of different tasks apart
   * @param one samples of the first model, float and quantized
   * @param other samples of the second model
   * @return how many items all four have
   */
  int add(String task, Pair one, Pair other) {
    Map<String, SampleRecord> floatOne = byItem(one.base());
    Map<String, SampleRecord> floatOther = byItem(other.base());
    Map<String, SampleRecord> roundedOther = byItem(other.rounded());
    int added = 0;
    for (SampleRecord sample : one.rounded()) {
      String item = item(sample);
      SampleRecord a = floatOne.get(item);
      SampleRecord b = floatOther.get(item);
      SampleRecord c = roundedOther.get(item);
      if (a != null && b != null && c != null) {
        first.add(loss(a, sample));
        second.add(loss(b, c));
        units.add(task + " " + sample.unit());
        added++;
      }
    }
    return added;
  }

  /**
   * The samples of a model on a task.
   *
   * @param base of the float model
   * @param rounded of the quantized one
   */
  record Pair(List<SampleRecord> base, List<SampleRecord> rounded) {}

  /** Models may have tokenizers of their own, so an item is known by its text. */
  private static String item(SampleRecord sample) {
    return String.join(
        "\n",
        Integer.toString(sample.index()),
        Integer.toString(sample.repetition()),
        sample.prompt(),
        sample.expected());
  }

  private static Map<String, SampleRecord> byItem(List<SampleRecord> samples) {
    Map<String, SampleRecord> byItem = new HashMap<>();
    samples.forEach(sample -> byItem.put(item(sample), sample));
    return byItem;
  }

  private static double loss(SampleRecord base, SampleRecord rounded) {
    return (base.correct() ? 1 : 0) - (rounded.correct() ? 1 : 0);
  }

  /** The difference of the losses; empty without items. */
  Optional<Result> result() {
    if (units.isEmpty()) {
      return Optional.empty();
    }
    double[] one = first.stream().mapToDouble(Double::doubleValue).toArray();
    double[] other = second.stream().mapToDouble(Double::doubleValue).toArray();
    Clusters clusters = Clusters.of(units);
    // The second first: what is drawn is one - other.
    ClusteredBootstrap drawn = ClusteredBootstrap.of(other, one, clusters, SEED, RESAMPLES);
    double[] sums = new double[clusters.count()];
    for (int i = 0; i < one.length; i++) {
      sums[clusters.ofItem()[i]] += one[i] - other[i];
    }
    double error = error(sums, one.length);
    // Without any change the bootstrap has no width; one unit more would have shown this much.
    double least = 1.0 / clusters.count();
    Interval widest = new Interval(drawn.difference() - least, drawn.difference() + least);
    boolean flat = error == 0;
    return Optional.of(
        new Result(
            mean(one),
            mean(other),
            flat ? widest : drawn.interval(0.95),
            flat ? widest : drawn.interval(0.90),
            pValue(sums),
            one.length,
            clusters.count(),
            MinimumDetectableEffect.of(Math.max(error, least))));
  }

  private static double error(double[] sums, int answers) {
    double total = 0;
    for (double sum : sums) {
      total += sum;
    }
    double squares = 0;
    for (double sum : sums) {
      double deviation = sum - total / sums.length;
      squares += deviation * deviation;
    }
    return Math.sqrt(squares) / answers;
  }

  private static double pValue(double[] sums) {
    int above = 0;
    int below = 0;
    double total = 0;
    double squares = 0;
    for (double sum : sums) {
      above += sum > 0 ? 1 : 0;
      below += sum < 0 ? 1 : 0;
      total += sum;
      squares += sum * sum;
    }
    double sign = McNemarTest.worse(above, below);
    return squares == 0
        ? sign
        : Math.max(
            sign, new NormalDistribution().cumulativeProbability(-total / Math.sqrt(squares)));
  }

  private static double mean(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return sum / values.length;
  }
}
