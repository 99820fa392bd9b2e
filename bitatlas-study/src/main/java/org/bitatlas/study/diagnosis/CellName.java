package org.bitatlas.study.diagnosis;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.bitatlas.study.PlannedCell;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.RunStore;
import org.bitatlas.tensor.BitAtlasException;

/** Finds the record of a cell by what a person calls it. */
public final class CellName {

  private static final int SHORTEST_KEY = 6;
  private static final int MOST_NAMED = 8;

  private CellName() {}

  /**
   * The record with a key that begins so, or of the cell {@code row/task} or {@code row/task/mode}
   * of the study that ran last.
   *
   * @throws BitAtlasException naming cells that are there, when none or several fit
   */
  public static RunRecord find(RunStore store, String name) {
    String wanted = name.strip().toLowerCase(Locale.ROOT);
    List<RunRecord> records = store.records();
    List<RunRecord> found =
        wanted.matches("[0-9a-f]{" + SHORTEST_KEY + ",64}")
            ? records.stream().filter(record -> record.key().startsWith(wanted)).toList()
            : named(store, records, wanted);
    if (found.size() == 1) {
      return found.getFirst();
    }
    List<RunRecord> shown = found.isEmpty() ? records : found;
    String cells =
        shown.stream()
            .map(record -> "'" + name(record) + "'")
            .distinct()
            .limit(MOST_NAMED)
            .collect(Collectors.joining(", "));
    throw new BitAtlasException(
        "%s cell is called '%s'; give row/task/mode or the beginning of a record's key, for example %s."
            .formatted(found.isEmpty() ? "No" : "More than one", name, cells));
  }

  /** Row, task and mode, as {@link #find} takes them. */
  public static String name(RunRecord record) {
    String column = record.column().manner().isEmpty() ? "" : "/" + record.column().manner();
    return record.recipe() + "/" + record.task() + column;
  }

  private static List<RunRecord> named(RunStore store, List<RunRecord> records, String wanted) {
    Set<String> planned = store.plan().stream().map(PlannedCell::key).collect(Collectors.toSet());
    List<RunRecord> exact = new ArrayList<>();
    List<RunRecord> withoutMode = new ArrayList<>();
    for (RunRecord record : records) {
      if (!planned.contains(record.key())) {
        continue;
      }
      if (name(record).toLowerCase(Locale.ROOT).equals(wanted)) {
        exact.add(record);
      }
      if ((record.recipe() + "/" + record.task()).toLowerCase(Locale.ROOT).equals(wanted)) {
        withoutMode.add(record);
      }
    }
    return exact.isEmpty() ? withoutMode : exact;
  }
}
