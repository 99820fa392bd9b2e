package org.bitatlas.study.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bitatlas.study.map.MapRow;

/** The checkpoints that were there already: what their layers hold and what their files say. */
final class CheckpointTable {

  private CheckpointTable() {}

  /**
   * One line per checkpoint that has a record: {@code name} with the format, {@code layers} as they
   * were read, {@code stated} is the recipe that the files tell, unchecked.
   */
  static List<Map<String, String>> of(List<MapRow> rows, Function<MapRow, String> name) {
    List<Map<String, String>> lines = new ArrayList<>();
    for (MapRow row : rows) {
      if (row.isCheckpoint() && !row.options().isEmpty()) {
        Map<String, String> line = new LinkedHashMap<>();
        line.put("name", name.apply(row));
        line.put(
            "layers",
            row.options().getOrDefault("storage", row.options().getOrDefault("layers", "–")));
        line.put("stated", row.options().getOrDefault("stated", "–"));
        lines.add(line);
      }
    }
    return lines;
  }
}
