package org.bitatlas.study.recommendation;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.bitatlas.eval.statistics.Verdict;
import org.bitatlas.format.support.CapabilityTable;
import org.bitatlas.study.CheckpointSpec;
import org.bitatlas.study.Metric;
import org.bitatlas.study.Reproduction;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.RunStore;
import org.bitatlas.study.StudyTask;
import org.bitatlas.study.map.AccuracyMap;
import org.bitatlas.study.map.Comparison;
import org.bitatlas.study.map.Flag;
import org.bitatlas.study.map.MapCell;
import org.bitatlas.study.map.MapRow;
import org.bitatlas.study.recommendation.Candidate.Constraint;
import org.bitatlas.study.recommendation.Candidate.Failure;
import org.bitatlas.study.target.ExecutionScheme;
import org.bitatlas.study.target.Prediction;
import org.bitatlas.study.target.Roofline;
import org.bitatlas.study.target.ServedWeights;
import org.bitatlas.tensor.BitAtlasException;

/**
 * Chooses a setting. It must be measured and non-inferior to float by the accepted drop on
 * <b>every</b> column asked for (an intersection-union test: each at its own 5 %, none adjusted),
 * load on the target, and fit the memory; among those the preference decides. The float model is
 * the last resort and is named as such.
 */
public final class Recommender {
  private static final String ALL = "all";
  private static final String CODE = "code";

  private final Question question;
  private final CapabilityTable table;
  private final SpeedRecords speeds;

  private Recommender(Question question, CapabilityTable table, SpeedRecords speeds) {
    this.question = question;
    this.table = table;
    this.speeds = speeds;
  }

  /**
   * Answers a question from the records of a study.
   *
   * @param map the study, compared with {@code question.maxDrop()} as margin
   * @param store its records
   * @throws BitAtlasException when the study has no such model, task or mode
   */
  public static Recommendation answer(Question question, AccuracyMap map, RunStore store) {
    return new Recommender(
            question, CapabilityTable.bundled(), SpeedRecords.of(store, question.target()))
        .answer(map);
  }

  private Recommendation answer(AccuracyMap map) {
    List<Integer> rows = new ArrayList<>();
    for (int i = 0; i < map.rows().size(); i++) {
      MapRow row = map.rows().get(i);
      if (row.model().equals(question.model()) && !row.isForeign()) {
        rows.add(i);
      }
    }
    if (rows.isEmpty() || !map.rows().get(rows.getFirst()).isFloat()) {
      throw new BitAtlasException(
          "The study has no records of the model %s and its float version; it has %s."
              .formatted(
                  question.model(),
                  String.join(", ", map.rows().stream().map(MapRow::model).distinct().toList())));
    }
    List<MapCell> baseline = map.cells().get(rows.getFirst());
    List<Integer> asked = asked(map, baseline);
    List<Integer> deciding = new ArrayList<>();
    List<String> uninformative = new ArrayList<>();
    for (int column : asked) {
      Optional<String> reason = useless(baseline.get(column));
      if (reason.isPresent()) {
        uninformative.add(map.columns().get(column).label() + ": " + reason.get());
      } else {
        deciding.add(column);
      }
    }
    List<Candidate> candidates = new ArrayList<>();
    for (int row : rows) {
      candidates.add(candidate(map, row, deciding));
    }
    return choose(
        candidates,
        deciding.stream().map(map.columns()::get).toList(),
        List.copyOf(uninformative),
        !deciding.isEmpty());
  }

  private List<Integer> asked(AccuracyMap map, List<MapCell> baseline) {
    List<Integer> asked = new ArrayList<>();
    for (int i = 0; i < map.columns().size(); i++) {
      StudyTask column = map.columns().get(i);
      boolean wanted =
          baseline.get(i).planned().metric() == Metric.ACCURACY
              && (question.mode().isEmpty() || column.mode().equals(question.mode()))
              && matches(column.task(), baseline.get(i).record());
      if (wanted) {
        asked.add(i);
      }
    }
    if (asked.isEmpty()) {
      throw new BitAtlasException(
          "The study asked no accuracy task '%s'%s; it has %s."
              .formatted(
                  question.task(),
                  question.mode().isEmpty() ? "" : " in the mode " + question.mode(),
                  String.join(
                      ", ", map.columns().stream().map(StudyTask::label).distinct().toList())));
    }
    return asked;
  }

  /** A task by its name or the beginning of it; code tasks are those that run programs. */
  private boolean matches(String task, Optional<RunRecord> record) {
    return question.task().equals(ALL)
        || task.equals(question.task())
        || task.startsWith(question.task() + "_")
        || (question.task().equals(CODE)
            && record.filter(known -> known.inputs().containsKey("sandbox")).isPresent());
  }

  /** Why a column says nothing about quantization. */
  private static Optional<String> useless(MapCell cell) {
    if (cell.record().isEmpty() || cell.value().isEmpty()) {
      return Optional.of("float has no number (" + cell.reason() + ")");
    }
    Optional<String> reason = cell.record().flatMap(RunRecord::uninformative);
    if (reason.isPresent()) {
      return reason;
    }
    return cell.flags().contains(Flag.AT_CHANCE)
        ? Optional.of("float is at chance")
        : Optional.empty();
  }

  private Candidate candidate(AccuracyMap map, int index, List<Integer> columns) {
    MapRow row = map.rows().get(index);
    Setting setting = new Setting(row);
    List<MapCell> cells =
        columns.stream().map(column -> map.cells().get(index).get(column)).toList();
    List<Failure> failures = new ArrayList<>();
    if (!row.isFloat()) {
      cells.forEach(cell -> quality(cell).ifPresent(failures::add));
    }
    Deployment.Ways ways =
        Deployment.of(setting, question.architecture(), question.target(), table);
    Optional<Deployment> deployment = ways.ways().stream().findFirst();
    Optional<Prediction> prediction = Optional.empty();
    if (deployment.isEmpty()) {
      failures.add(new Failure(Constraint.TARGET, String.join("; ", ways.objections())));
    } else {
      Prediction best = null;
      for (Deployment way : ways.ways()) {
        Prediction predicted = predict(setting, way);
        // The target's stacks are in order of preference: a later one must fit where no other does.
        boolean fits = predicted.memory().total() <= question.memoryLimit();
        if (best == null || (fits && best.memory().total() > question.memoryLimit())) {
          best = predicted;
          deployment = Optional.of(way);
        }
      }
      prediction = Optional.ofNullable(best);
      prediction
          .filter(known -> known.memory().total() > question.memoryLimit())
          .ifPresent(known ->
              failures.add(
                  new Failure(
                      Constraint.MEMORY,
                      String.format(
                          Locale.ROOT,
                          "%.3g GiB predicted, %.3g GiB allowed",
                          known.memory().total() / (1 << 30),
                          question.memoryLimit() / (1 << 30)))));
    }
    return new Candidate(
        row, cells, deployment, prediction, speeds.of(row.recipe()), List.copyOf(failures));
  }

  private Prediction predict(Setting setting, Deployment way) {
    ExecutionScheme scheme =
        Served.of(setting, way, question.architecture(), ServedWeights.floats(question.target()));
    return Roofline.predict(
        question.target(), question.architecture(), scheme, question.workload());
  }

  private Optional<Failure> quality(MapCell cell) {
    String column = cell.planned().column().label();
    return switch (cell.state()) {
      case COLLAPSED, NON_FINITE, FAILED ->
          Optional.of(
              new Failure(
                  Constraint.STATE,
                  column
                      + " is "
                      + cell.state()
                      + (cell.reason().isEmpty() ? "" : ": " + cell.reason())));
      case SKIPPED, PARTIAL ->
          Optional.of(new Failure(Constraint.NOT_MEASURED, column + ": " + cell.reason()));
      case OK -> compared(cell, column);
    };
  }

  private Optional<Failure> compared(MapCell cell, String column) {
    Comparison comparison = cell.comparison();
    if (cell.flags().contains(Flag.AT_CHANCE)) {
      return Optional.of(new Failure(Constraint.AT_CHANCE, column + " is at chance"));
    }
    if (!comparison.made()) {
      return Optional.of(
          new Failure(Constraint.NOT_MEASURED, column + " cannot be compared with float"));
    }
    if (comparison.significance().alone() == Verdict.NON_INFERIOR) {
      return Optional.empty();
    }
    String reach =
        comparison.detectable() > question.maxDrop()
            ? String.format(
                Locale.ROOT,
                "; %d items find %.1f points",
                comparison.items(),
                100 * comparison.detectable())
            : "";
    return Optional.of(
        new Failure(
            Constraint.QUALITY,
            String.format(
                Locale.ROOT,
                "%s: %+.1f points [%.1f, %.1f] does not rule out a drop of %.3g%s",
                column,
                100 * comparison.delta(),
                100 * comparison.low(),
                100 * comparison.high(),
                100 * question.maxDrop(),
                reach)));
  }

  private Recommendation choose(
      List<Candidate> candidates,
      List<StudyTask> columns,
      List<String> uninformative,
      boolean decides) {
    List<Candidate> qualified =
        candidates.stream()
            .filter(candidate -> candidate.qualifies() && (decides || candidate.row().isFloat()))
            .sorted(order(candidates))
            .toList();
    Optional<Candidate> chosen = qualified.stream().findFirst();
    Optional<Candidate> next = qualified.stream().skip(1).findFirst();
    List<Candidate> excluded =
        candidates.stream()
            .filter(candidate -> !candidate.qualifies())
            .sorted(Comparator.comparing(candidate -> candidate.failures().size()))
            .toList();
    return new Recommendation(
        question,
        columns,
        uninformative,
        chosen,
        next,
        chosen.isPresent() && next.isPresent()
            ? RunnerUp.reason(chosen.get(), next.get(), question.preference())
            : "",
        excluded,
        chosen
            .map(candidate -> Unmeasured.of(question, candidate, uninformative))
            .orElse(List.of()),
        chosen
            .map(candidate ->
                Commands.of(
                    question, candidate, candidate.deployment().orElseThrow(), location(candidate)))
            .orElse(List.of()));
  }

  /** Where the checkpoint of a row lies, as its records say. */
  private static Optional<String> location(Candidate candidate) {
    return candidate.cells().stream()
        .flatMap(cell -> cell.record().stream())
        .flatMap(record -> Reproduction.checkpoint(record).stream())
        .findFirst()
        .map(CheckpointSpec::location);
  }

  /** Quantized settings before float; then the preference; then time, memory and accuracy. */
  private Comparator<Candidate> order(List<Candidate> candidates) {
    Comparator<Candidate> seconds =
        Comparator.comparing(candidate ->
            candidate.prediction().map(Prediction::requestSeconds).orElse(Double.MAX_VALUE));
    Comparator<Candidate> memory =
        Comparator.comparing(candidate ->
            candidate.prediction().map(known -> known.memory().total()).orElse(Double.MAX_VALUE));
    Comparator<Candidate> accuracy =
        Comparator.comparing(candidate -> -candidate.difference().orElse(-1));
    Comparator<Candidate> first =
        switch (question.preference()) {
          case SPEED -> fastest(candidates).orElse(seconds);
          case MEMORY -> memory;
          case ACCURACY -> accuracy;
        };
    return Comparator.comparing((Candidate candidate) -> candidate.row().isFloat())
        .thenComparing(first)
        .thenComparing(seconds)
        .thenComparing(memory)
        .thenComparing(accuracy);
  }

  /**
   * By measured speed, where all that qualify were measured under the same load; measured and
   * predicted numbers are never compared with each other.
   */
  private static Optional<Comparator<Candidate>> fastest(List<Candidate> candidates) {
    List<Candidate> quantized =
        candidates.stream()
            .filter(candidate -> candidate.qualifies() && !candidate.row().isFloat())
            .toList();
    return quantized.stream()
        .flatMap(candidate -> candidate.measured().stream().map(MeasuredSpeed::what))
        .distinct()
        .filter(
            load -> quantized.stream().allMatch(candidate -> measured(candidate, load).isPresent()))
        .findFirst()
        .map(load ->
            Comparator.comparing(candidate ->
                -measured(candidate, load).map(MeasuredSpeed::tokensPerSecond).orElse(0.0)));
  }

  private static Optional<MeasuredSpeed> measured(Candidate candidate, String load) {
    return candidate.measured().stream().filter(speed -> speed.what().equals(load)).findFirst();
  }
}
