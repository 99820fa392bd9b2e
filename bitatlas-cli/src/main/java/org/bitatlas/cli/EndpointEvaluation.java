package org.bitatlas.cli;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.bitatlas.eval.CellState;
import org.bitatlas.eval.task.SuiteCatalog;
import org.bitatlas.study.EndpointQuestion;
import org.bitatlas.study.Metric;
import org.bitatlas.study.PlannedCell;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.StudyListener;
import org.bitatlas.study.StudyOutcome;
import org.bitatlas.study.StudyProgress;
import org.bitatlas.study.StudyRunner;
import org.bitatlas.study.StudyTask;
import org.bitatlas.tokenizer.ThinkingMode;
import org.bitatlas.tokenizer.ThinkingProtocol;

/** Asks a model behind an endpoint the tasks of a suite and keeps their records. */
final class EndpointEvaluation {
  private final EndpointOptions options;
  private final EndpointQuestion question;
  private final PrintWriter out;
  private final PrintWriter err;

  EndpointEvaluation(
      EndpointOptions options, EndpointQuestion question, PrintWriter out, PrintWriter err) {
    this.options = options;
    this.question = question;
    this.out = out;
    this.err = err;
  }

  /** Runs the tasks of {@code entries} in the modes that {@code modes} gives them. */
  int run(
      List<SuiteCatalog.Entry> entries,
      BiFunction<SuiteCatalog.Entry, ThinkingProtocol, List<Optional<ThinkingMode>>> modes) {
    Function<ThinkingProtocol, List<StudyTask>> tasks =
        thinking ->
            entries.stream()
                .flatMap(entry ->
                    modes.apply(entry, thinking).stream()
                        .map(mode ->
                            new StudyTask(
                                entry.task().name(), mode.map(ThinkingMode::id).orElse(""))))
                .toList();
    StudyOutcome outcome;
    try (Interruption interruption = Interruption.listen("Stopping.");
        ProgressLine progress = new ProgressLine(err, Screen.showsErrors())) {
      outcome =
          StudyRunner.run(
              options.beside, question, tasks, options.out(), new Display(progress, interruption));
    }
    if (outcome.cancelled()) {
      err.println("Interrupted: answers are kept; run the same command to go on.");
      err.flush();
      return Exit.INTERRUPTED;
    }
    if (outcome.reused() > 0) {
      out.println(outcome.reused() + " results were there from earlier runs.");
    }
    out.println("Records: " + options.out() + "; bitatlas map --out draws them.");
    out.flush();
    return outcome.failed() == 0 ? Exit.OK : Exit.ERROR;
  }

  private final class Display implements StudyListener {
    private final ProgressLine progress;
    private final Interruption interruption;

    Display(ProgressLine progress, Interruption interruption) {
      this.progress = progress;
      this.interruption = interruption;
    }

    @Override
    public void progress(StudyProgress state) {
      PlannedCell cell = state.cell();
      progress.status(
          "%s: %d of %d".formatted(cell.column().label(), state.itemsDone(), cell.items()));
    }

    @Override
    public void cellFinished(RunRecord record, int number, int total) {
      progress.close();
      EvaluatedRow.print(out, record.task(), record.mode().strip(), figure(record));
    }

    @Override
    public boolean cancelled() {
      return interruption.requested();
    }
  }

  private static String figure(RunRecord record) {
    if (record.state() != CellState.OK) {
      return record.state().name().toLowerCase(Locale.ROOT) + ": " + record.reason();
    }
    String figure =
        String.format(
            Locale.ROOT,
            "%9s  of %d items in %s",
            Figures.primary(record.metric() == Metric.PERPLEXITY, record.primary()),
            record.items(),
            Amounts.time(Duration.ofMillis(Math.round(1000 * record.seconds()))));
    Double first = record.metrics().get("ttft_seconds_median");
    Double rate = record.metrics().get("tokens_per_second");
    return first == null || rate == null
        ? figure
        : figure
            + String.format(Locale.ROOT, "; first token after %.3f s, %.0f tokens/s", first, rate);
  }
}
