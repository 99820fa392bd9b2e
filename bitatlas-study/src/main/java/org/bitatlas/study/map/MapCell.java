package org.bitatlas.study.map;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import org.bitatlas.eval.CellState;
import org.bitatlas.eval.SampleRecord;
import org.bitatlas.study.PlannedCell;
import org.bitatlas.study.RunRecord;

/**
 * A cell of the map.
 *
 * @param planned what was planned
 * @param record what was measured; empty before the cell was run
 * @param low lower end of the 95 % interval of the primary number; NaN when it has none
 * @param high upper end of that interval
 * @param comparison against the float model of the same task and mode
 * @param flags what a reader must know
 * @param samples the items with their answers
 * @param collapse how its replies break down against float's; empty where there are no replies
 */
public record MapCell(
    PlannedCell planned,
    Optional<RunRecord> record,
    double low,
    double high,
    Comparison comparison,
    Set<Flag> flags,
    List<SampleRecord> samples,
    Optional<CollapseMeasures> collapse) {

  /** The same cell with its comparison. */
  MapCell with(Comparison other, Set<Flag> itsFlags, Optional<CollapseMeasures> itsCollapse) {
    return new MapCell(planned, record, low, high, other, itsFlags, samples, itsCollapse);
  }

  /** State of the cell; PARTIAL before it was run. */
  public CellState state() {
    return record.map(RunRecord::state).orElse(CellState.PARTIAL);
  }

  /** Why the state is not OK; empty when it is. */
  public String reason() {
    return record.map(RunRecord::reason).orElse("not run yet");
  }

  /** The number of an OK cell; a cell in another state has none that may be compared. */
  public OptionalDouble value() {
    return record
        .filter(known -> known.state() == CellState.OK && !Double.isNaN(known.primary()))
        .map(known -> OptionalDouble.of(known.primary()))
        .orElse(OptionalDouble.empty());
  }
}
