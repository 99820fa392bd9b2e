package org.bitatlas.study.recommendation;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bitatlas.eval.CellState;
import org.bitatlas.study.Metric;
import org.bitatlas.study.Origin;
import org.bitatlas.study.RunRecord;

/**
 * Speed that was measured on a target's platform: imported benchmarks, endpoints that were asked,
 * and schemes that BitAtlas's bench ran, among a study's records or in files of their own.
 */
final class SpeedRecords {
  private static final String ENDPOINT_SPEED = "tokens_per_second";

  private record Entry(String label, MeasuredSpeed speed) {}

  private final Question question;
  private final List<Entry> entries = new ArrayList<>();
  private final List<BenchSpeed> benches = new ArrayList<>();
  private final List<String> unused = new ArrayList<>();

  private SpeedRecords(Question question) {
    this.question = question;
  }

  /**
   * What was measured on the question's target.
   *
   * @param files of {@code bench --json}
   */
  static SpeedRecords of(List<RunRecord> records, List<Path> files, Question question) {
    SpeedRecords speeds = new SpeedRecords(question);
    records.forEach(speeds::foreign);
    BenchSpeed.ofRecords(records).forEach(speeds::bench);
    files.forEach(file -> BenchSpeed.ofFile(file).forEach(speeds::bench));
    return speeds;
  }

  private void foreign(RunRecord record) {
    String platform =
        record.inputs().getOrDefault("platform", record.provenance().getOrDefault("platform", ""));
    if (!Origin.isForeign(record)
        || record.state() != CellState.OK
        || !question.target().isPlatform(platform)) {
      return;
    }
    String label = record.recipe().replaceFirst(" \\[[a-z]+]$", "");
    String load = (record.task() + " " + record.mode()).strip();
    if (record.metric() == Metric.SPEED) {
      entries.add(
          new Entry(label, new MeasuredSpeed(platform, load, record.primary(), record.key())));
    } else if (record.metrics().containsKey(ENDPOINT_SPEED)) {
      entries.add(
          new Entry(
              label,
              new MeasuredSpeed(
                  platform, load, record.metrics().get(ENDPOINT_SPEED), record.key())));
    }
  }

  private void bench(BenchSpeed speed) {
    if (!question.target().isPlatform(speed.processor())) {
      unused.add("Not used, as it ran on another machine: " + speed.words() + ".");
    } else if (!speed.shape().is(question.architecture())) {
      unused.add("Not used, as it is of another shape: " + speed.words() + ".");
    } else {
      benches.add(speed);
    }
  }

  /** What was measured of a setting: by a record with its label, or by a bench of its scheme. */
  List<MeasuredSpeed> of(Setting setting) {
    List<MeasuredSpeed> speeds = new ArrayList<>();
    entries.stream()
        .filter(entry -> entry.label().equals(setting.row().recipe()))
        .forEach(entry -> speeds.add(entry.speed()));
    benches.stream()
        .filter(bench -> bench.isOf(setting))
        .forEach(bench -> speeds.addAll(bench.speeds(question.workload())));
    return List.copyOf(speeds);
  }

  /** Speeds that were measured elsewhere or of something else, each a sentence. */
  List<String> unused() {
    return List.copyOf(unused);
  }
}
