package org.bitatlas.study.map;

import java.util.List;
import org.bitatlas.study.RunStore;
import org.bitatlas.study.StudySpec;
import org.bitatlas.study.StudyTask;

/**
 * The accuracy map of a study: rows (models under recipes) x columns (tasks in modes), each cell
 * compared with the float model item by item.
 *
 * @param spec the specification
 * @param rows rows, grouped by model, float first
 * @param columns columns in the order of the specification
 * @param cells cells by row, then column
 * @param averages one per row
 * @param pooled all accuracy tasks of each row together against float, one per row
 * @param noise the float model against itself, one per model where it was measured
 * @param readings rows on tasks with several decodings
 * @param checks statements about the map with their answers
 * @param speeds measured speeds, those that can be held against each other together
 */
public record AccuracyMap(
    StudySpec spec,
    List<MapRow> rows,
    List<StudyTask> columns,
    List<List<MapCell>> cells,
    List<MapAverage> averages,
    List<PooledComparison> pooled,
    List<NoiseFloor> noise,
    List<DecodingReading> readings,
    List<Check> checks,
    List<MapSpeed> speeds) {

  /**
   * The map of the study that ran last in a store, compared with the margins of {@code spec}.
   *
   * @throws org.bitatlas.tensor.BitAtlasException when the store holds no study
   */
  public static AccuracyMap of(RunStore store, StudySpec spec) {
    return new MapBuilder(store, spec.margin()).build(spec);
  }
}
