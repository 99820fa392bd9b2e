package org.bitatlas.study.map;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bitatlas.eval.SampleRecord;
import org.bitatlas.eval.statistics.Clusters;
import org.bitatlas.eval.statistics.PairedCounts;

/**
 * The same items asked of two models.
 *
 * @param first samples of the first
 * @param second samples of the second, in the same order
 * @param units what each item is drawn with: its cluster, or else the item with its repetitions
 */
public record ItemPairs(List<SampleRecord> first, List<SampleRecord> second, List<String> units) {

  /** Pairs two lists of samples; empty unless both were asked exactly the same prompts. */
  public static Optional<ItemPairs> of(List<SampleRecord> first, List<SampleRecord> second) {
    Map<String, SampleRecord> byItem = new HashMap<>();
    first.forEach(sample -> byItem.put(item(sample), sample));
    if (first.isEmpty() || first.size() != second.size() || byItem.size() != first.size()) {
      return Optional.empty();
    }
    List<SampleRecord> before = new ArrayList<>();
    for (SampleRecord sample : second) {
      SampleRecord other = byItem.remove(item(sample));
      if (other == null || !other.promptDigest().equals(sample.promptDigest())) {
        return Optional.empty();
      }
      before.add(other);
    }
    return Optional.of(
        new ItemPairs(before, second, second.stream().map(SampleRecord::unit).toList()));
  }

  private static String item(SampleRecord sample) {
    return sample.index() + "/" + sample.repetition();
  }

  /**
   * Several tasks together. An item that was asked in several modes of a task is drawn with all of
   * them.
   *
   * @param parts task and its pairs
   */
  public static Optional<ItemPairs> joined(List<Map.Entry<String, ItemPairs>> parts) {
    if (parts.isEmpty()) {
      return Optional.empty();
    }
    List<SampleRecord> first = new ArrayList<>();
    List<SampleRecord> second = new ArrayList<>();
    List<String> units = new ArrayList<>();
    for (Map.Entry<String, ItemPairs> part : parts) {
      first.addAll(part.getValue().first());
      second.addAll(part.getValue().second());
      part.getValue().units().forEach(unit -> units.add(part.getKey() + " " + unit));
    }
    return Optional.of(new ItemPairs(first, second, units));
  }

  /** What is drawn together. */
  public Clusters clusters() {
    return Clusters.of(units);
  }

  /** Items by who has them right. */
  public PairedCounts counts() {
    return PairedCounts.of(right(first), right(second));
  }

  /** Items both have wrong, with another answer. */
  int churned() {
    int churned = 0;
    for (int i = 0; i < first.size(); i++) {
      boolean wrong = !first.get(i).correct() && !second.get(i).correct();
      churned += wrong && !first.get(i).answer().equals(second.get(i).answer()) ? 1 : 0;
    }
    return churned;
  }

  static boolean[] right(List<SampleRecord> samples) {
    boolean[] right = new boolean[samples.size()];
    for (int i = 0; i < right.length; i++) {
      right[i] = samples.get(i).correct();
    }
    return right;
  }

  /** 1 for a right item, 0 for a wrong one. */
  public static double[] scores(List<SampleRecord> samples) {
    return samples.stream().mapToDouble(sample -> sample.correct() ? 1 : 0).toArray();
  }
}
