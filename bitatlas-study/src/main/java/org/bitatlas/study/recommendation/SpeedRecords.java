package org.bitatlas.study.recommendation;

import java.util.ArrayList;
import java.util.List;
import org.bitatlas.eval.CellState;
import org.bitatlas.study.Metric;
import org.bitatlas.study.Origin;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.RunStore;
import org.bitatlas.study.target.HardwareTarget;

/**
 * Speed that was measured on a target's platform: imported benchmarks and endpoints that were
 * asked.
 */
final class SpeedRecords {
  private static final String ENDPOINT_SPEED = "tokens_per_second";

  private record Entry(String label, MeasuredSpeed speed) {}

  private final List<Entry> entries;

  private SpeedRecords(List<Entry> entries) {
    this.entries = entries;
  }

  static SpeedRecords of(RunStore store, HardwareTarget target) {
    List<Entry> entries = new ArrayList<>();
    for (RunRecord record : store.records()) {
      String platform =
          record
              .inputs()
              .getOrDefault("platform", record.provenance().getOrDefault("platform", ""));
      if (!Origin.isForeign(record)
          || record.state() != CellState.OK
          || !target.isPlatform(platform)) {
        continue;
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
    return new SpeedRecords(entries);
  }

  /** What was measured of a row's recipe: by a record whose label is the recipe's. */
  List<MeasuredSpeed> of(String recipe) {
    return entries.stream()
        .filter(entry -> entry.label().equals(recipe))
        .map(Entry::speed)
        .toList();
  }
}
