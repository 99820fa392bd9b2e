package org.bitatlas.study.map;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bitatlas.eval.CellState;
import org.bitatlas.eval.statistics.Verdict;
import org.bitatlas.study.StudyTask;

/**
 * A row on one task under several decodings: whether the model is damaged or its decoder unlucky.
 *
 * @param row index of the row
 * @param task the task and mode, without a decoding
 * @param columns indexes of its columns, one per decoding
 * @param conclusion what they say together
 */
public record DecodingReading(
    int row, StudyTask task, List<Integer> columns, Conclusion conclusion) {

  /** What the verdicts under several decodings say together. */
  public enum Conclusion {
    /** Worse than float, or broken, under every decoding: the model itself lost something. */
    DAMAGED,
    /** Worse under some decodings and shown not to be under another: the decoder, not the model. */
    DECODER,
    /** Non-inferior under every decoding. */
    UNDAMAGED,
    /** The items do not tell. */
    OPEN
  }

  /** One reading per quantized row and task with more than one decoding. */
  static List<DecodingReading> of(
      List<MapRow> rows, List<StudyTask> columns, List<List<MapCell>> cells) {
    Map<StudyTask, List<Integer>> byTask = new LinkedHashMap<>();
    for (int column = 0; column < columns.size(); column++) {
      StudyTask name = columns.get(column);
      byTask
          .computeIfAbsent(new StudyTask(name.task(), name.mode()), _ -> new ArrayList<>())
          .add(column);
    }
    List<DecodingReading> readings = new ArrayList<>();
    for (int row = 0; row < rows.size(); row++) {
      if (rows.get(row).isFloat()) {
        continue;
      }
      for (Map.Entry<StudyTask, List<Integer>> task : byTask.entrySet()) {
        if (task.getValue().size() > 1) {
          List<MapCell> own = task.getValue().stream().map(cells.get(row)::get).toList();
          readings.add(
              new DecodingReading(
                  row, task.getKey(), List.copyOf(task.getValue()), conclusion(own)));
        }
      }
    }
    return List.copyOf(readings);
  }

  static Conclusion conclusion(List<MapCell> cells) {
    long worse = cells.stream().filter(DecodingReading::worse).count();
    long kept =
        cells.stream().filter(cell -> cell.comparison().verdict() == Verdict.NON_INFERIOR).count();
    if (worse == cells.size()) {
      return Conclusion.DAMAGED;
    }
    if (kept == cells.size()) {
      return Conclusion.UNDAMAGED;
    }
    return worse > 0 && kept > 0 ? Conclusion.DECODER : Conclusion.OPEN;
  }

  private static boolean worse(MapCell cell) {
    return cell.comparison().verdict() == Verdict.WORSE
        || cell.state() == CellState.COLLAPSED
        || cell.state() == CellState.NON_FINITE;
  }
}
