package org.bitatlas.study;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedMap;
import java.util.TreeSet;
import java.util.function.IntConsumer;
import org.bitatlas.eval.CellState;
import org.bitatlas.eval.SampleRecord;
import org.bitatlas.eval.TaskResult;
import org.bitatlas.tensor.BitAtlasException;

/**
 * A cell that was run again from its record, with nothing of the store it stands in, and held
 * against it item by item.
 *
 * @param before the record
 * @param state state of the new run
 * @param primary its number
 * @param changedInputs inputs of the key that are not what they were: name, then and now
 * @param machine processor then and now
 * @param items items of both
 * @param same items that are the same to the bit
 * @param different what differs, in order of the items
 * @param largest largest relative difference of a number of an item whose answers are the same
 */
public record Reproduction(
    RunRecord before,
    CellState state,
    double primary,
    SequencedMap<String, String> changedInputs,
    SequencedMap<String, String> machine,
    int items,
    int same,
    List<Difference> different,
    double largest) {

  /** Provenance that holds the specification of a record's cell. */
  public static final String STUDY = "study";

  /** Numbers of one item that differ by no more are the same but for rounding. */
  public static final double TOLERANCE = 1e-5;

  /**
   * An item that came out differently.
   *
   * @param index position in the suite
   * @param repetition which of several replies
   * @param before what it was
   * @param now what it is
   */
  public record Difference(int index, int repetition, String before, String now) {}

  /** Whether state and every item are what they were, up to {@link #TOLERANCE} of numbers. */
  public boolean equal() {
    return state == before.state() && different.isEmpty();
  }

  /**
   * Runs the cell of a record again.
   *
   * @param record a record of this program's engine
   * @param samples its samples
   * @param threads worker threads
   * @param progress told how many items are done
   * @throws BitAtlasException when the record does not say how it was made, or what it was made of
   *     is not here
   */
  public static Reproduction run(
      RunRecord record, List<SampleRecord> samples, int threads, IntConsumer progress) {
    StudySpec spec = spec(record);
    StudyOptions options =
        new StudyOptions(
            Path.of(""), Optional.empty(), Optional.empty(), threads, OptionalInt.empty());
    return run(record, samples, spec, new EngineWorkbench(spec, options), progress);
  }

  /** The checkpoint that a record's row was read from; empty for any other row. */
  public static Optional<CheckpointSpec> checkpoint(RunRecord record) {
    String text = record.provenance().getOrDefault(STUDY, "");
    return text.isEmpty()
        ? Optional.empty()
        : StudySpec.parse("record " + record.key(), text).recipes().stream()
            .flatMap(row -> row.checkpoint().stream())
            .findFirst();
  }

  /** The specification of a record's cell, which the record holds. */
  static StudySpec spec(RunRecord record) {
    String text = record.provenance().getOrDefault(STUDY, "");
    String name = "record " + record.key().substring(0, 12);
    if (Origin.isForeign(record) || SpeedRecord.is(record)) {
      throw new BitAtlasException(
          "The %s was not computed by this program's engine from a checkpoint (%s); only such cells can be run again."
              .formatted(name, record.method()));
    }
    if (text.isEmpty() || record.inputs().containsKey("device")) {
      throw new BitAtlasException(
          "The %s does not say how it can be run again (%s); run its study with --fresh."
              .formatted(
                  name,
                  text.isEmpty()
                      ? "it was made by an older version"
                      : "it ran on " + record.inputs().get("device")));
    }
    return StudySpec.parse(name, text);
  }

  /** The same on another workbench. */
  static Reproduction run(
      RunRecord record,
      List<SampleRecord> samples,
      StudySpec spec,
      Workbench workbench,
      IntConsumer progress) {
    try (Workbench.Model model = workbench.open(record.model())) {
      Grid grid = Grid.plan(record.model(), model, spec);
      Grid.Row row =
          grid.rows().stream()
              .filter(other -> isRowOf(other.recipe(), record))
              .findFirst()
              .orElseThrow(() -> unknown(record));
      Grid.Cell cell =
          row.cells().stream()
              .filter(other -> other.planned().column().equals(record.column()))
              .findFirst()
              .orElseThrow(() -> unknown(record));
      try (Workbench.Variant variant = variant(model, row.recipe())) {
        TaskResult result =
            variant.evaluate(cell.task(), cell.decoding(), CellJournal.NONE, progress);
        return compared(record, samples, cell.inputs(), result);
      }
    }
  }

  /** A label may be longer in a study with several recipes of the same method and width. */
  private static boolean isRowOf(StudyRecipe recipe, RunRecord record) {
    return switch (record.method()) {
      case StudyRecipe.FLOAT_LABEL -> recipe.isFloat();
      case StudyRecipe.AGAIN_LABEL -> recipe.isAgain();
      default -> recipe.recipe().isPresent() || recipe.checkpoint().isPresent();
    };
  }

  private static BitAtlasException unknown(RunRecord record) {
    return new BitAtlasException(
        "The cell of record %s is not in the specification that the record holds; the record was changed."
            .formatted(record.key().substring(0, 12)));
  }

  private static Workbench.Variant variant(Workbench.Model model, StudyRecipe recipe) {
    if (recipe.checkpoint().isPresent()) {
      return model.checkpoint(recipe);
    }
    if (recipe.recipe().isPresent()) {
      return model.quantize(recipe);
    }
    return recipe.isAgain() ? model.floatAgain() : model.floatVariant();
  }

  static Reproduction compared(
      RunRecord record,
      List<SampleRecord> samples,
      SequencedMap<String, String> inputs,
      TaskResult result) {
    Map<String, SampleRecord> now = new HashMap<>();
    result.samples().forEach(sample -> now.put(item(sample), sample));
    List<Difference> different = new ArrayList<>();
    int same = 0;
    double largest = 0;
    for (SampleRecord sample : samples) {
      SampleRecord other = now.remove(item(sample));
      if (other == null) {
        different.add(difference(sample, words(sample), "not asked"));
        continue;
      }
      double numbers = numbers(sample, other);
      boolean answers = answers(sample).equals(answers(other));
      if (!answers || !(numbers <= TOLERANCE)) {
        different.add(difference(sample, words(sample), words(other)));
        continue;
      }
      same += numbers == 0 ? 1 : 0;
      largest = Math.max(largest, numbers);
    }
    now.values().forEach(sample -> different.add(difference(sample, "not asked", words(sample))));
    different.sort(
        Comparator.comparingInt(Difference::index).thenComparingInt(Difference::repetition));
    return new Reproduction(
        record,
        result.state(),
        result.primary(),
        changed(record.inputs(), inputs),
        machines(record),
        samples.size(),
        same,
        List.copyOf(different),
        largest);
  }

  private static Difference difference(SampleRecord sample, String before, String now) {
    return new Difference(sample.index(), sample.repetition(), before, now);
  }

  private static String item(SampleRecord sample) {
    return sample.index() + "/" + sample.repetition();
  }

  private static List<Object> answers(SampleRecord sample) {
    return List.of(
        sample.promptDigest(),
        sample.output(),
        sample.answer(),
        sample.correct(),
        sample.generatedTokens(),
        sample.outcome());
  }

  /** Largest relative difference of the measures of an item; infinite where one lacks a measure. */
  private static double numbers(SampleRecord one, SampleRecord other) {
    if (!one.measures().keySet().equals(other.measures().keySet())) {
      return Double.POSITIVE_INFINITY;
    }
    double largest = 0;
    for (String name : one.measures().keySet()) {
      double before = one.measure(name);
      double now = other.measure(name);
      if (Double.compare(before, now) != 0) {
        double relative = Math.abs(now - before) / Math.max(1, Math.abs(before));
        largest = Math.max(largest, Double.isNaN(relative) ? Double.POSITIVE_INFINITY : relative);
      }
    }
    return largest;
  }

  private static String words(SampleRecord sample) {
    String verdict = sample.correct() ? "right" : "wrong";
    return sample.answer().isEmpty()
        ? verdict + ", " + sample.outcome()
        : verdict + ", answer " + sample.answer();
  }

  private static SequencedMap<String, String> changed(
      Map<String, String> before, Map<String, String> now) {
    SequencedMap<String, String> changed = new LinkedHashMap<>();
    TreeSet<String> names = new TreeSet<>(before.keySet());
    names.addAll(now.keySet());
    for (String name : names) {
      if (!Objects.equals(before.get(name), now.get(name))) {
        changed.put(
            name,
            "was "
                + before.getOrDefault(name, "absent")
                + ", is "
                + now.getOrDefault(name, "absent"));
      }
    }
    return changed;
  }

  private static SequencedMap<String, String> machines(RunRecord record) {
    SequencedMap<String, String> machine = new LinkedHashMap<>();
    SequencedMap<String, String> here = Machine.describe();
    for (String name : List.of("processor", "java", "commit")) {
      String then = record.provenance().getOrDefault(name, "unknown");
      String now = here.getOrDefault(name, "unknown");
      machine.put(name, then.equals(now) ? now : "was " + then + ", is " + now);
    }
    return machine;
  }
}
