package org.bitatlas.study.findings;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.bitatlas.eval.CellState;
import org.bitatlas.quant.method.Position;
import org.bitatlas.study.Metric;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.StudyRecipe;
import org.bitatlas.study.StudyTask;
import org.bitatlas.study.map.AccuracyMap;
import org.bitatlas.study.map.MapCell;
import org.bitatlas.study.map.MapRow;

/**
 * A row of the map that was rounded here, beside the float row of its model.
 *
 * @param row the row
 * @param name its name, with the model's where the map has several
 * @param columns the columns of the map
 * @param cells its cells, one per column
 * @param floats the cells of the float row, one per column
 */
record Setting(
    MapRow row, String name, List<StudyTask> columns, List<MapCell> cells, List<MapCell> floats) {

  private static final String FLOAT = Integer.toString(StudyRecipe.FLOAT_BITS);

  /** The rounded rows of a map; rows that stop before rounding lose nothing to it. */
  static List<Setting> of(AccuracyMap map) {
    boolean several = map.rows().stream().map(MapRow::model).distinct().count() > 1;
    List<Setting> settings = new ArrayList<>();
    for (int i = 0; i < map.rows().size(); i++) {
      MapRow row = map.rows().get(i);
      Optional<List<MapCell>> floats = floats(map, row.model());
      // A row without options was not run: what it would round is not known yet.
      boolean known = !row.isFloat() && !row.isForeign() && !row.options().isEmpty();
      if (row.isCheckpoint()) {
        // How it was made is what its configuration says, if it says anything.
        continue;
      }
      if (floats.isEmpty() || !known || isTransformed(row)) {
        continue;
      }
      settings.add(
          new Setting(
              row,
              several ? row.model() + " " + row.recipe() : row.recipe(),
              map.columns(),
              map.cells().get(i),
              floats.get()));
    }
    return List.copyOf(settings);
  }

  /** The cells of the float row of a model. */
  static Optional<List<MapCell>> floats(AccuracyMap map, String model) {
    return IntStream.range(0, map.rows().size())
        .filter(i -> map.rows().get(i).isFloat() && map.rows().get(i).model().equals(model))
        .mapToObj(i -> map.cells().get(i))
        .findFirst();
  }

  private static boolean isTransformed(MapRow row) {
    return row.options().getOrDefault("position", "").equals(Position.TRANSFORMED.id());
  }

  /** Whether weights of this width are all that is rounded. */
  boolean isWeightOnly(int bits) {
    return row.bits() == bits
        && !row.quantizesActivations()
        && option("k_bits").equals(FLOAT)
        && option("v_bits").equals(FLOAT);
  }

  /** Whether weights and the inputs of linear layers are rounded to these widths. */
  boolean isWeightActivation(int weightBits, int activationBits) {
    return row.bits() == weightBits && option("a_bits").equals(Integer.toString(activationBits));
  }

  private String option(String name) {
    return row.options().getOrDefault(name, FLOAT);
  }

  /** Columns of accuracy in which float has something to lose. */
  List<Integer> informative() {
    return IntStream.range(0, columns.size())
        .filter(column -> floats.get(column).planned().metric() == Metric.ACCURACY)
        .filter(column -> floats.get(column).state() == CellState.OK)
        .filter(column -> floats.get(column).record().flatMap(RunRecord::uninformative).isEmpty())
        .boxed()
        .toList();
  }

  /** Columns that float was not asked to the end; nothing can be compared there. */
  List<Integer> unasked() {
    return IntStream.range(0, columns.size())
        .filter(column -> floats.get(column).planned().metric() != Metric.SPEED)
        .filter(column -> !floats.get(column).planned().key().isEmpty())
        .filter(column -> floats.get(column).state() != CellState.OK)
        .boxed()
        .toList();
  }

  MapCell cell(int column) {
    return cells.get(column);
  }

  /** This setting on a column, in words. */
  String on(int column) {
    return name + " on " + columns.get(column).label();
  }

  /** Whether a cell was measured and broke: collapsed, or not finite. */
  static boolean isBroken(MapCell cell) {
    return cell.state() == CellState.COLLAPSED || cell.state() == CellState.NON_FINITE;
  }

  /** Keys of a cell and of float's. */
  List<String> records(int column) {
    return List.of(floats.get(column).planned().key(), cell(column).planned().key());
  }
}
