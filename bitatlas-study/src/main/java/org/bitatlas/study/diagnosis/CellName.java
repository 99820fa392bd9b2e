package org.bitatlas.study.diagnosis;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
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
   * of the study that ran last; in a study of several models with {@code model/} in front.
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
    List<RunRecord> shown = found.isEmpty() ? alike(records, wanted) : found;
    boolean severalModels = shown.stream().map(RunRecord::model).distinct().count() > 1;
    String cells =
        shown.stream()
            .map(record -> "'" + (severalModels ? fullName(record) : name(record)) + "'")
            .distinct()
            .limit(MOST_NAMED)
            .collect(Collectors.joining(", "));
    throw new BitAtlasException(
        "%s cell is called '%s'; give row/task/mode, model/row/task/mode or the beginning of a record's key, for example %s."
            .formatted(found.isEmpty() ? "No" : "More than one", name, cells));
  }

  /** Quantized cells, those first whose name has most of the words that were given. */
  private static List<RunRecord> alike(List<RunRecord> records, String wanted) {
    return records.stream()
        .filter(record -> !record.quantizationKey().isEmpty())
        .sorted(Comparator.comparingInt((RunRecord record) -> wordsIn(record, wanted)).reversed())
        .toList();
  }

  private static int wordsIn(RunRecord record, String wanted) {
    List<String> words = List.of(fullName(record).toLowerCase(Locale.ROOT).split("[/ ]"));
    return (int) Arrays.stream(wanted.split("[/ ]")).filter(words::contains).count();
  }

  /** Row, task and mode, as {@link #find} takes them. */
  public static String name(RunRecord record) {
    return record.recipe() + "/" + record.task() + manner(record);
  }

  /** Model, row, task and mode, as {@link #find} takes them. */
  public static String fullName(RunRecord record) {
    return record.model() + "/" + name(record);
  }

  private static String manner(RunRecord record) {
    return record.column().manner().isEmpty() ? "" : "/" + record.column().manner();
  }

  private static List<RunRecord> named(RunStore store, List<RunRecord> records, String wanted) {
    Set<String> planned = store.plan().stream().map(PlannedCell::key).collect(Collectors.toSet());
    List<RunRecord> exact = new ArrayList<>();
    List<RunRecord> withoutMode = new ArrayList<>();
    for (RunRecord record : records) {
      if (!planned.contains(record.key())) {
        continue;
      }
      String task = record.recipe() + "/" + record.task();
      if (isOneOf(wanted, name(record), fullName(record))) {
        exact.add(record);
      }
      if (isOneOf(wanted, task, record.model() + "/" + task)) {
        withoutMode.add(record);
      }
    }
    return exact.isEmpty() ? withoutMode : exact;
  }

  private static boolean isOneOf(String wanted, String... names) {
    return Arrays.stream(names).anyMatch(name -> name.toLowerCase(Locale.ROOT).equals(wanted));
  }
}
