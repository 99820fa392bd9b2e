package org.bitatlas.study.platform;

import java.util.Optional;
import org.bitatlas.study.Origin;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.map.MapCell;
import org.bitatlas.study.map.MapRow;

/** What a record was made on, and what it is a record of. */
final class Platform {
  /** Name of the platform among the inputs of a record that names one. */
  static final String INPUT = "platform";

  /** Name of the row's own label among the inputs of a merged record. */
  static final String RECIPE_INPUT = "merged.recipe";

  private Platform() {}

  /** The platform that a record names, or its processor. */
  static String of(RunRecord record) {
    String named = record.inputs().getOrDefault(INPUT, record.provenance().getOrDefault(INPUT, ""));
    return named.isEmpty() ? record.provenance().getOrDefault("processor", "unknown") : named;
  }

  /** The first record of a row that has one. */
  static Optional<RunRecord> recordOf(Iterable<MapCell> cells) {
    for (MapCell cell : cells) {
      if (cell.record().isPresent()) {
        return cell.record();
      }
    }
    return Optional.empty();
  }

  /** The setting of a row, the same on every platform; empty for what is never compared. */
  static Optional<String> setting(MapRow row, RunRecord record) {
    if (Origin.isImported(record)) {
      return Optional.empty();
    }
    String merged = record.inputs().get(RECIPE_INPUT);
    return Optional.of(merged != null ? merged : row.recipe().replaceFirst(" \\[endpoint]$", ""));
  }
}
