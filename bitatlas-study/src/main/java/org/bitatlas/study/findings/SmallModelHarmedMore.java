package org.bitatlas.study.findings;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import org.bitatlas.eval.CellState;
import org.bitatlas.eval.statistics.HolmAdjustment;
import org.bitatlas.study.findings.Finding.Evidence;
import org.bitatlas.study.map.AccuracyMap;
import org.bitatlas.study.map.Check.Answer;
import org.bitatlas.study.map.MapCell;
import org.bitatlas.study.map.MapRow;

/** Four bits harm the small model more than the large one, and where. */
final class SmallModelHarmedMore {
  private static final Claim CLAIM =
      new Claim(
          "small-model-harmed-more",
          "2606.21257",
          "4-bit weights harm the smaller model more than the larger one",
          "Difference of differences: what each item loses in the smaller model less what the same"
              + " item loses in the larger one, under the same settings. Interval by clustered"
              + " bootstrap over items; p from the clustered sum, never below the exact sign test,"
              + " after Holm over all tasks together and the groups. Yes: p below 0.05 over all"
              + " tasks. No: the one-sided 95 % upper bound is below the pooled margin.");

  private static final String ALL = "all tasks";
  private static final List<TaskGroup> GROUPS =
      List.of(TaskGroup.REASONING, TaskGroup.MATH, TaskGroup.CODE);

  private final String small;
  private final String large;
  private final double margin;
  private final SequencedMap<String, ExcessHarm> harms = new LinkedHashMap<>();
  private final Map<String, Set<String>> records = new LinkedHashMap<>();
  private final Map<TaskGroup, Integer> tasks = new EnumMap<>(TaskGroup.class);
  private final List<String> missing = new ArrayList<>();

  private SmallModelHarmedMore(String small, String large, double margin) {
    this.small = small;
    this.large = large;
    this.margin = margin;
    harms.put(ALL, new ExcessHarm());
    GROUPS.forEach(group -> harms.put(group.words(), new ExcessHarm()));
  }

  static Finding of(AccuracyMap map, List<Setting> all) {
    List<MapRow> floats =
        map.rows().stream()
            .filter(row -> row.isFloat() && row.size().isPresent())
            .sorted(Comparator.comparingLong(row -> row.size().orElseThrow().wholeModelBytes()))
            .toList();
    if (floats.size() < 2) {
      return CLAIM.without("a second size of the model: two names under models: of the study");
    }
    List<Setting> settings = all.stream().filter(setting -> setting.isWeightOnly(4)).toList();
    String small = floats.getFirst().model();
    String large = floats.getLast().model();
    List<Setting[]> shared = new ArrayList<>();
    for (Setting one : of(small, settings)) {
      for (Setting other : of(large, settings)) {
        if (one.row().recipe().equals(other.row().recipe())) {
          shared.add(new Setting[] {one, other});
        }
      }
    }
    return shared.isEmpty()
        ? CLAIM.without(
            "a row of 4-bit weights and float inputs of both " + small + " and " + large)
        : new SmallModelHarmedMore(small, large, map.spec().margin().pooled() / 100).answer(shared);
  }

  private static List<Setting> of(String model, List<Setting> settings) {
    return settings.stream().filter(setting -> setting.row().model().equals(model)).toList();
  }

  private Finding answer(List<Setting[]> shared) {
    for (Setting[] pair : shared) {
      List<Integer> columns = pair[0].informative();
      columns.stream().filter(pair[1].informative()::contains).forEach(c -> add(pair, c));
    }
    for (TaskGroup group : GROUPS) {
      if (!tasks.containsKey(group)) {
        missing.add(
            group.words()
                + ": a task that float answers well above chance in both sizes, asked of"
                + " a 4-bit row of both");
      }
    }
    return conclude(shared);
  }

  private void add(Setting[] pair, int column) {
    MapCell one = pair[0].cell(column);
    MapCell other = pair[1].cell(column);
    for (int i = 0; i < 2; i++) {
      MapCell cell = pair[i].cell(column);
      if (cell.state() != CellState.OK && !Setting.isBroken(cell)) {
        missing.add(pair[i].on(column) + ": " + cell.reason());
      }
    }
    ExcessHarm.Pair first =
        new ExcessHarm.Pair(pair[0].floats().get(column).samples(), one.samples());
    ExcessHarm.Pair second =
        new ExcessHarm.Pair(pair[1].floats().get(column).samples(), other.samples());
    String task = pair[0].columns().get(column).task();
    TaskGroup group = TaskGroup.of(task);
    List<String> names = group == TaskGroup.OTHER ? List.of(ALL) : List.of(ALL, group.words());
    for (String name : names) {
      if (harm(name).add(task, first, second) > 0) {
        Set<String> keys = records.computeIfAbsent(name, _ -> new LinkedHashSet<>());
        keys.addAll(pair[0].records(column));
        keys.addAll(pair[1].records(column));
        tasks.merge(group, 1, Integer::sum);
      }
    }
  }

  private ExcessHarm harm(String name) {
    return harms.computeIfAbsent(name, _ -> new ExcessHarm());
  }

  private Finding conclude(List<Setting[]> shared) {
    SequencedMap<String, ExcessHarm.Result> results = new LinkedHashMap<>();
    harms.forEach((name, harm) -> harm.result().ifPresent(result -> results.put(name, result)));
    Optional<ExcessHarm.Result> all = Optional.ofNullable(results.get(ALL));
    if (all.isEmpty()) {
      return CLAIM.answered(
          Answer.NOT_ENOUGH_DATA,
          "No item was answered by both sizes, in float and in 4 bits.",
          List.of(),
          missing);
    }
    double[] adjusted =
        HolmAdjustment.of(
            results.values().stream().mapToDouble(ExcessHarm.Result::pValue).toArray());
    List<Evidence> evidence = new ArrayList<>();
    List<String> where = new ArrayList<>();
    int next = 0;
    for (Map.Entry<String, ExcessHarm.Result> entry : results.entrySet()) {
      double p = adjusted[next++];
      Answer answer = answer(entry.getValue(), p);
      evidence.add(part(entry.getKey(), entry.getValue(), p, answer));
      if (answer == Answer.YES && !entry.getKey().equals(ALL)) {
        where.add(entry.getKey());
      }
    }
    Answer answer = evidence.getFirst().answer();
    if (answer == Answer.NOT_ENOUGH_DATA) {
      missing.addFirst(needed(all.get()));
    }
    return CLAIM.answered(
        answer, sentence(all.get(), adjusted[0], shared, where), evidence, missing);
  }

  private Answer answer(ExcessHarm.Result result, double adjusted) {
    if (adjusted < Findings.LEVEL && result.excess() > 0) {
      return Answer.YES;
    }
    return result.bounds().high() < margin ? Answer.NO : Answer.NOT_ENOUGH_DATA;
  }

  private Evidence part(String name, ExcessHarm.Result result, double adjusted, Answer answer) {
    return new Evidence(
        name,
        answer,
        Words.format(
            "%s loses %.1f, %s %.1f points: %s more, p (Holm) %s, %d items with %d answers; finds"
                + " %.1f",
            small,
            100 * result.first(),
            large,
            100 * result.second(),
            Words.points(result.excess(), result.interval().low(), result.interval().high()),
            Words.pValue(adjusted),
            result.units(),
            result.answers(),
            100 * result.detectable()),
        List.copyOf(records.getOrDefault(name, Set.of())));
  }

  private String sentence(
      ExcessHarm.Result all, double adjusted, List<Setting[]> shared, List<String> where) {
    return Words.format(
        "Over %s (%s) %s loses %.1f points and %s %.1f: %s more, p %s%s.",
        Words.count(shared.size(), "4-bit setting"),
        Words.listed(shared.stream().map(pair -> pair[0].row().recipe()).toList()),
        small,
        100 * all.first(),
        large,
        100 * all.second(),
        Words.points(all.excess(), all.interval().low(), all.interval().high()),
        Words.pValue(adjusted),
        where.isEmpty() ? "; shown in no single group" : "; shown in " + String.join(", ", where));
  }

  private String needed(ExcessHarm.Result all) {
    double target = Math.max(Math.abs(all.excess()), margin);
    double items = all.units() * Math.pow(all.detectable() / target, 2);
    return Words.format(
        "about %d items in place of %d to tell a difference of %.1f points",
        (int) Math.ceil(Math.max(items, all.units() + 1) / 50) * 50, all.units(), 100 * target);
  }
}
