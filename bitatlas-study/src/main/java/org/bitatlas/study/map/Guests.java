package org.bitatlas.study.map;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.bitatlas.study.Origin;
import org.bitatlas.study.PlannedCell;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.RunStore;
import org.bitatlas.study.StudyTask;

/**
 * Cells that no study planned: records of endpoints and imported ones. They stand in rows of their
 * own below those of the study, and beside its float model where they have its model's name.
 */
final class Guests {
  private static final String TIME = "time";

  private Guests() {}

  /** The newest record of each cell that is not in the plan; a final one before one that is not. */
  static List<PlannedCell> of(RunStore store, List<PlannedCell> plan) {
    Set<String> planned = plan.stream().map(Guests::place).collect(Collectors.toSet());
    Map<String, RunRecord> newest = new LinkedHashMap<>();
    store.records().stream()
        .filter(Origin::isForeign)
        .sorted(
            Comparator.comparing(RunRecord::isFinal)
                .thenComparing(record -> record.provenance().getOrDefault(TIME, "")))
        .forEach(record -> newest.put(place(PlannedCell.of(record)), record));
    return newest.values().stream()
        .map(PlannedCell::of)
        .filter(cell -> !planned.contains(place(cell)))
        .sorted(
            Comparator.comparing(PlannedCell::model)
                .thenComparing(PlannedCell::recipe)
                .thenComparing(PlannedCell::task)
                .thenComparing(PlannedCell::mode))
        .toList();
  }

  /**
   * Cells by row, every row with a cell in every column: one without a key where nothing was
   * planned. Rows of one model stand together.
   */
  static Collection<List<PlannedCell>> rows(List<PlannedCell> cells, List<StudyTask> columns) {
    Map<String, Map<StudyTask, PlannedCell>> byRow = new LinkedHashMap<>();
    for (String model : cells.stream().map(PlannedCell::model).distinct().toList()) {
      for (PlannedCell cell : cells) {
        if (cell.model().equals(model)) {
          byRow
              .computeIfAbsent(model + "\n" + cell.recipe(), _ -> new LinkedHashMap<>())
              .put(cell.column(), cell);
        }
      }
    }
    Map<StudyTask, PlannedCell> examples = new LinkedHashMap<>();
    cells.forEach(cell -> examples.putIfAbsent(cell.column(), cell));
    List<List<PlannedCell>> rows = new ArrayList<>();
    for (Map<StudyTask, PlannedCell> row : byRow.values()) {
      PlannedCell first = row.values().iterator().next();
      List<PlannedCell> filled = new ArrayList<>();
      for (StudyTask column : columns) {
        PlannedCell own = row.get(column);
        PlannedCell example = examples.getOrDefault(column, first);
        filled.add(own != null ? own : empty(first, column, example));
      }
      rows.add(List.copyOf(filled));
    }
    return rows;
  }

  private static PlannedCell empty(PlannedCell row, StudyTask column, PlannedCell example) {
    return new PlannedCell(
        "",
        row.model(),
        row.recipe(),
        row.method(),
        row.bits(),
        column.task(),
        column.mode(),
        example.metric(),
        0,
        row.quantizationKey(),
        column.decoding());
  }

  private static String place(PlannedCell cell) {
    return String.join(
        "\n", cell.model(), cell.recipe(), cell.task(), cell.mode(), cell.decoding());
  }
}
