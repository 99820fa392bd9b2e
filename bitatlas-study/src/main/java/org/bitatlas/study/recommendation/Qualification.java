package org.bitatlas.study.recommendation;

import java.util.Locale;
import java.util.Optional;
import org.bitatlas.eval.statistics.Verdict;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.map.Comparison;
import org.bitatlas.study.map.Flag;
import org.bitatlas.study.map.MapCell;
import org.bitatlas.study.recommendation.Candidate.Constraint;
import org.bitatlas.study.recommendation.Candidate.Failure;

/** Whether a setting is good enough on a task: the test of the recommendation and of the page. */
public final class Qualification {
  private Qualification() {}

  /** Why the column of a cell of the float model says nothing about quantization. */
  public static Optional<String> useless(MapCell cell) {
    if (cell.record().isEmpty() || cell.value().isEmpty()) {
      return Optional.of("float has no number (" + cell.reason() + ")");
    }
    Optional<String> reason = cell.record().flatMap(RunRecord::uninformative);
    if (reason.isPresent()) {
      return reason;
    }
    return cell.flags().contains(Flag.AT_CHANCE)
        ? Optional.of("float is at chance")
        : Optional.empty();
  }

  /**
   * Why a cell does not qualify; empty where it is shown to lose less than the accepted drop.
   *
   * @param cell compared with {@code maxDrop} as margin
   * @param maxDrop largest loss that is accepted, as a share of the items
   */
  public static Optional<Failure> failure(MapCell cell, double maxDrop) {
    String column = cell.planned().column().label();
    return switch (cell.state()) {
      case COLLAPSED, NON_FINITE, FAILED ->
          Optional.of(
              new Failure(
                  Constraint.STATE,
                  column
                      + " is "
                      + cell.state()
                      + (cell.reason().isEmpty() ? "" : ": " + cell.reason())));
      case SKIPPED, PARTIAL ->
          Optional.of(new Failure(Constraint.NOT_MEASURED, column + ": " + cell.reason()));
      case OK -> compared(cell, column, maxDrop);
    };
  }

  private static Optional<Failure> compared(MapCell cell, String column, double maxDrop) {
    Comparison comparison = cell.comparison();
    if (cell.flags().contains(Flag.AT_CHANCE)) {
      return Optional.of(new Failure(Constraint.AT_CHANCE, column + " is at chance"));
    }
    if (!comparison.made()) {
      return Optional.of(
          new Failure(Constraint.NOT_MEASURED, column + " cannot be compared with float"));
    }
    if (comparison.significance().alone() == Verdict.NON_INFERIOR) {
      return Optional.empty();
    }
    String reach =
        comparison.detectable() > maxDrop
            ? String.format(
                Locale.ROOT,
                "; %d items find %.1f points",
                comparison.items(),
                100 * comparison.detectable())
            : "";
    return Optional.of(
        new Failure(
            Constraint.QUALITY,
            String.format(
                Locale.ROOT,
                "%s: %+.1f points [%.1f, %.1f] does not rule out a drop of %.3g%s",
                column,
                100 * comparison.delta(),
                100 * comparison.low(),
                100 * comparison.high(),
                100 * maxDrop,
                reach)));
  }
}
