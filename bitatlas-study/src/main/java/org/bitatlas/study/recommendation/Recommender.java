package org.bitatlas.study.recommendation;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.bitatlas.format.support.CapabilityTable;
import org.bitatlas.study.CheckpointSpec;
import org.bitatlas.study.Metric;
import org.bitatlas.study.Reproduction;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.RunStore;
import org.bitatlas.study.StudyTask;
import org.bitatlas.study.map.AccuracyMap;
import org.bitatlas.study.map.MapCell;
import org.bitatlas.study.map.MapRow;
import org.bitatlas.study.map.MapSpeed;
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
    return answer(question, map, store, List.of());
  }

  /**
   * The same with speeds from files of {@code bench --json}: they count as measured where they ran
   * on the target's platform with a model of the same shape.
   *
   * @throws BitAtlasException also when a file cannot be read
   */
  public static Recommendation answer(
      Question question, AccuracyMap map, RunStore store, List<Path> speeds) {
    return new Recommender(
            question, CapabilityTable.bundled(), SpeedRecords.of(store.records(), speeds, question))
        .answer(map);
  }

  /**
   * The same from the records that a map shows; {@code recommend} also knows those that it does
   * not, such as imported speeds of other settings.
   */
  static Recommendation answer(Question question, AccuracyMap map, CapabilityTable table) {
    List<RunRecord> records =
        Stream.concat(
                map.cells().stream().flatMap(List::stream).flatMap(cell -> cell.record().stream()),
                map.speeds().stream().map(MapSpeed::record))
            .toList();
    return new Recommender(question, table, SpeedRecords.of(records, List.of(), question))
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
      Optional<String> reason = Qualification.useless(baseline.get(column));
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

  private Candidate candidate(AccuracyMap map, int index, List<Integer> columns) {
    MapRow row = map.rows().get(index);
    Setting setting = new Setting(row);
    List<MapCell> cells =
        columns.stream().map(column -> map.cells().get(index).get(column)).toList();
    List<Failure> failures = new ArrayList<>();
    if (!row.isFloat()) {
      cells.forEach(
          cell -> Qualification.failure(cell, question.maxDrop()).ifPresent(failures::add));
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
        row, cells, deployment, prediction, speeds.of(setting), List.copyOf(failures));
  }

  private Prediction predict(Setting setting, Deployment way) {
    ExecutionScheme scheme =
        Served.of(setting, way, question.architecture(), ServedWeights.floats(question.target()));
    return Roofline.predict(
        question.target(), question.architecture(), scheme, question.workload());
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
            ? RunnerUp.reason(
                chosen.get(), next.get(), question.preference(), sharedLoad(candidates))
            : "",
        excluded,
        chosen
            .map(candidate -> Unmeasured.of(question, candidate, uninformative, speeds.unused()))
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
    return sharedLoad(candidates)
        .map(load ->
            Comparator.comparing(candidate ->
                -candidate.measured(load).map(MeasuredSpeed::tokensPerSecond).orElse(0.0)));
  }

  /** The load under which all quantized settings that qualify were measured, where there is one. */
  private static Optional<String> sharedLoad(List<Candidate> candidates) {
    List<Candidate> quantized =
        candidates.stream()
            .filter(candidate -> candidate.qualifies() && !candidate.row().isFloat())
            .toList();
    return quantized.stream()
        .flatMap(candidate -> candidate.measured().stream().map(MeasuredSpeed::what))
        .distinct()
        .filter(
            load -> quantized.stream().allMatch(candidate -> candidate.measured(load).isPresent()))
        .findFirst();
  }
}
