package org.bitatlas.study.map;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bitatlas.eval.SampleRecord;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.RunStore;
import org.bitatlas.study.SpeedRecord;
import org.bitatlas.study.StudyRecipe;

/**
 * The speed of a scheme as it was measured, round by round.
 *
 * @param record the record; its model is what was measured, its recipe the scheme
 * @param rounds one sample per round, whose measures are seconds
 */
public record MapSpeed(RunRecord record, List<SampleRecord> rounds) {

  /**
   * The speeds in a store, the newest of each scheme, in order of what they can be held against.
   */
  static List<MapSpeed> of(RunStore store) {
    Map<String, RunRecord> newest = new LinkedHashMap<>();
    store.records().stream()
        .filter(SpeedRecord::is)
        .sorted(Comparator.comparing(record -> record.provenance().getOrDefault("time", "")))
        .forEach(record -> newest.put(groupOf(record) + "\n" + record.recipe(), record));
    return newest.values().stream()
        .sorted(
            Comparator.comparing(MapSpeed::groupOf)
                .thenComparing(record -> -record.bits())
                .thenComparing(RunRecord::recipe))
        .map(record -> new MapSpeed(record, store.samples(record.key())))
        .toList();
  }

  /** Speeds of one group were measured in turns on one machine: only they are compared. */
  public String group() {
    return groupOf(record);
  }

  private static String groupOf(RunRecord record) {
    Map<String, String> inputs = new TreeMap<>(record.inputs());
    inputs.remove("scheme");
    inputs.remove("scheme_words");
    return record.model() + "\n" + inputs;
  }

  /** Name of the scheme, for example {@code w8a8}. */
  public String scheme() {
    return record.recipe();
  }

  /** Whether it has no quantized weights. */
  public boolean isFloat() {
    return record.bits() == StudyRecipe.FLOAT_BITS;
  }

  /** A measure of every round; NaN where a round lacks it. */
  public double[] measure(String name) {
    return rounds.stream().mapToDouble(round -> round.measure(name)).toArray();
  }

  /** A metric of the record: a median over the rounds; NaN where it lacks it. */
  public double metric(String name) {
    return record.metrics().getOrDefault(name, Double.NaN);
  }
}
