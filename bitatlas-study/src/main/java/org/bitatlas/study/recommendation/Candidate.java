package org.bitatlas.study.recommendation;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.bitatlas.study.map.MapCell;
import org.bitatlas.study.map.MapRow;
import org.bitatlas.study.target.Prediction;

/**
 * A row of the study as an answer.
 *
 * @param row the row
 * @param cells its cells in the columns asked for
 * @param deployment how it would be served; empty where nothing on the target loads it
 * @param prediction how fast it would be there: predicted, never measured
 * @param measured what was measured on the target's platform: never predicted
 * @param failures constraints it does not meet; empty for one that qualifies
 */
public record Candidate(
    MapRow row,
    List<MapCell> cells,
    Optional<Deployment> deployment,
    Optional<Prediction> prediction,
    List<MeasuredSpeed> measured,
    List<Failure> failures) {

  /**
   * A constraint that is not met.
   *
   * @param constraint which one
   * @param words why, with the numbers
   */
  public record Failure(Constraint constraint, String words) {}

  /** What a setting must meet. */
  public enum Constraint {
    /** A cell collapsed, was not finite or failed. */
    STATE,
    /** A cell was not measured. */
    NOT_MEASURED,
    /** Accuracy is that of guessing. */
    AT_CHANCE,
    /** The drop may be larger than accepted. */
    QUALITY,
    /** No serving stack of the target loads it. */
    TARGET,
    /** It takes more memory than allowed. */
    MEMORY
  }

  /** Whether it may be recommended. */
  public boolean qualifies() {
    return failures.isEmpty();
  }

  /** Mean difference to float over the columns; empty where none was compared. */
  public OptionalDouble difference() {
    return cells.stream()
        .filter(cell -> cell.comparison().made())
        .mapToDouble(cell -> cell.comparison().delta())
        .average();
  }

  /** What was measured under a load. */
  Optional<MeasuredSpeed> measured(String load) {
    return measured.stream().filter(speed -> speed.what().equals(load)).findFirst();
  }
}
