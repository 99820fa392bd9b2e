package org.bitatlas.study.diagnosis;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.bitatlas.eval.SampleRecord;
import org.bitatlas.study.Metric;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.RunStore;
import org.bitatlas.study.StudyRecipe;

/**
 * How far the adaptive rows of a study move from uniform bits to float: each against the uniform
 * row of the same method and options whose bits are its budget, on every column both have, and on
 * the long chains of a task that counts steps.
 *
 * @param row label of the adaptive row
 * @param baseline label of the uniform row
 * @param what the column, or the part of it
 * @param rowBytes bytes of the adaptive row's whole model
 * @param baselineBytes bytes of the baseline's whole model
 * @param gap how far the row moves
 */
public record AdaptiveGains(
    String row, String baseline, String what, long rowBytes, long baselineBytes, GapClosed gap) {

  private static final String STEPS = "steps";
  private static final double LONG_FROM = 9;
  private static final List<String> FREE =
      List.of(
          "bits", "budget", "bit_choices", "group_choices", "table_choices", "passes", "target");

  /** All that the records of the last study in a store allow to say. */
  public static List<AdaptiveGains> of(RunStore store) {
    List<RunRecord> records =
        store.plan().stream().flatMap(cell -> store.record(cell.key()).stream()).toList();
    List<AdaptiveGains> gains = new ArrayList<>();
    for (RunRecord row : records) {
      if (!option(row, "bits").equals("adaptive")) {
        continue;
      }
      Optional<RunRecord> baseline = find(records, row, other -> isUniform(other, row));
      Optional<RunRecord> floats =
          find(records, row, other -> other.recipe().equals(StudyRecipe.FLOAT_LABEL));
      if (baseline.isPresent() && floats.isPresent()) {
        add(gains, store, floats.get(), baseline.get(), row);
      }
    }
    return gains;
  }

  private static void add(
      List<AdaptiveGains> gains,
      RunStore store,
      RunRecord floats,
      RunRecord baseline,
      RunRecord row) {
    List<SampleRecord> samples = store.samples(row.key());
    Map<String, Predicate<SampleRecord>> parts = new LinkedHashMap<>();
    String unit = row.metric() == Metric.PERPLEXITY ? "KL" : "errors";
    parts.put(row.column().label() + ", " + unit, _ -> true);
    if (samples.stream().anyMatch(sample -> sample.measure(STEPS) >= LONG_FROM)) {
      parts.put(
          row.column().label() + ", " + unit + ", 9 steps and more",
          sample -> sample.measure(STEPS) >= LONG_FROM);
    }
    parts.forEach((what, wanted) ->
        GapClosed.of(
                row.metric(),
                store.samples(floats.key()),
                store.samples(baseline.key()),
                samples,
                wanted)
            .ifPresent(gap ->
                gains.add(
                    new AdaptiveGains(
                        row.recipe(), baseline.recipe(), what, bytes(row), bytes(baseline), gap))));
  }

  private static long bytes(RunRecord record) {
    return record.size().map(size -> size.wholeModelBytes()).orElse(0L);
  }

  private static Optional<RunRecord> find(
      List<RunRecord> records, RunRecord row, Predicate<RunRecord> wanted) {
    return records.stream()
        .filter(other -> other.model().equals(row.model()))
        .filter(other -> other.column().equals(row.column()))
        .filter(wanted)
        .findFirst();
  }

  /** Whether all options are the same but for the bits, and the bits are the other's budget. */
  private static boolean isUniform(RunRecord record, RunRecord adaptive) {
    String budget = option(adaptive, "budget");
    return budget.equals(option(record, "bits") + ".0")
        && options(record).equals(options(adaptive));
  }

  private static Map<String, String> options(RunRecord record) {
    Map<String, String> options = new LinkedHashMap<>();
    record
        .inputs()
        .forEach((name, value) -> {
          boolean free =
              FREE.stream().anyMatch(option -> name.equals(StudyRecipe.INPUT_PREFIX + option));
          if (name.startsWith(StudyRecipe.INPUT_PREFIX) && !free) {
            options.put(name, value);
          }
        });
    return options;
  }

  private static String option(RunRecord record, String name) {
    return record.inputs().getOrDefault(StudyRecipe.INPUT_PREFIX + name, "");
  }

  /** In words, one line. */
  public String line() {
    return String.format(
        Locale.ROOT,
        "%s (%,d bytes) moves %.0f %% of the way from %s (%,d bytes) to float in %s: 95 %% interval"
            + " %.0f to %.0f %%, %d items, harm %.4g instead of %.4g",
        row,
        rowBytes,
        100 * gap.share(),
        baseline,
        baselineBytes,
        what,
        100 * gap.low(),
        100 * gap.high(),
        gap.items(),
        gap.row(),
        gap.baseline());
  }
}
