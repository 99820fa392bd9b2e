package org.bitatlas.study.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Function;
import org.bitatlas.study.map.MapRow;

/**
 * The options of the recipes as they were recorded: what decides which arithmetic ran in columns of
 * its own, all other options as one text.
 */
final class RecipeTable {
  private static final List<String> COLUMNS = List.of("method", "profile", "quirks", "position");

  private RecipeTable() {}

  /** One line per recipe of the study that has a record: name, the columns, {@code options}. */
  static List<Map<String, String>> of(List<MapRow> rows, Function<MapRow, String> name) {
    List<Map<String, String>> lines = new ArrayList<>();
    for (MapRow row : rows) {
      if (!row.options().isEmpty() && !row.isCheckpoint()) {
        Map<String, String> line = new LinkedHashMap<>();
        line.put("name", name.apply(row));
        for (String column : COLUMNS) {
          line.put(column, row.options().getOrDefault(column, "–"));
        }
        line.put("options", rest(row.options()));
        lines.add(line);
      }
    }
    return lines;
  }

  private static String rest(SequencedMap<String, String> options) {
    List<String> rest = new ArrayList<>();
    options.forEach((option, value) -> {
      if (!COLUMNS.contains(option)) {
        rest.add(option + " " + value);
      }
    });
    return String.join(", ", rest);
  }
}
