package org.bitatlas.cli;

import java.util.List;
import java.util.Locale;
import java.util.function.BooleanSupplier;
import org.bitatlas.eval.CellState;
import org.bitatlas.study.Metric;
import org.bitatlas.study.PlannedCell;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.StudyListener;
import org.bitatlas.study.StudyProgress;

/** Shows a study: a line for each finished cell, and where it stands with the time left. */
final class StudyDisplay implements StudyListener {

  private final ProgressLine progress;
  private final BooleanSupplier cancelled;

  StudyDisplay(ProgressLine progress, BooleanSupplier cancelled) {
    this.progress = progress;
    this.cancelled = cancelled;
  }

  @Override
  public void planned(List<PlannedCell> cells, int stored) {
    progress.line(
        cells.size()
            + " cells"
            + (stored == 0 ? "" : ", " + stored + " of them finished in earlier runs"));
  }

  @Override
  public void quantizing(String model, String recipe) {
    progress.status("quantizing " + model + ": " + recipe);
  }

  @Override
  public void progress(StudyProgress state) {
    PlannedCell cell = state.cell();
    String left = state.timeLeft().map(time -> ", " + Amounts.time(time) + " left").orElse("");
    progress.status(
        "[%d/%d] %s, %s: %d of %d%s"
            .formatted(
                state.number(),
                state.total(),
                cell.recipe(),
                cell.column().label(),
                state.itemsDone(),
                cell.items(),
                left));
  }

  @Override
  public void cellFinished(RunRecord record, int number, int total) {
    if (record.state() == CellState.SKIPPED) {
      return; // the table says once per task why
    }
    progress.line(
        String.format(
            Locale.ROOT,
            "%3d/%d  %-10s %-29s %10s  %5.1f s",
            number,
            total,
            record.recipe(),
            (record.task() + " " + record.mode()).strip(),
            result(record),
            record.seconds()));
  }

  @Override
  public boolean cancelled() {
    return cancelled.getAsBoolean();
  }

  private static String result(RunRecord record) {
    if (record.state() != CellState.OK) {
      return record.state().name();
    }
    return Figures.primary(record.metric() == Metric.PERPLEXITY, record.primary());
  }
}
