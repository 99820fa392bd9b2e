package org.bitatlas.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import org.bitatlas.study.RunStore;
import org.bitatlas.study.SpeedSpec;
import org.bitatlas.study.StudyOptions;
import org.bitatlas.study.StudyOutcome;
import org.bitatlas.study.StudyRunner;
import org.bitatlas.study.StudySpec;
import org.bitatlas.study.bench.SpeedStudy;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.Device;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Runs the grid of a study and draws its map. */
@Command(
    name = "study",
    description = "Quantize and evaluate a grid of settings and draw the accuracy map.",
    footer = {
      "",
      "Finished cells are kept: after Ctrl-C, or any other end, the same command goes on",
      "where it stopped. Without SPEC.yaml: the embedded model, float, RTN and GPTQ at",
      "8, 4, 3 and 2 bits."
    })
final class StudyCommand implements Callable<Integer> {

  @Spec CommandSpec spec;

  @Mixin CommonOptions common;

  @Parameters(
      paramLabel = "SPEC.yaml",
      arity = "0..1",
      description = "What to compare (default: the default study).")
  Optional<Path> specification = Optional.empty();

  @Option(
      names = "--model",
      paramLabel = "MODEL",
      description = "Model in place of those of the specification: nano, a folder or a hub id.")
  Optional<String> model = Optional.empty();

  @Option(
      names = "--suite",
      paramLabel = "DIR",
      description = "Folder of suites in place of the embedded ones, or nano-large.")
  Optional<Path> suite = Optional.empty();

  @Mixin OutputFolder output;

  @Mixin ThreadsOption threads;

  @Mixin ExecutionOptions execution;

  @Mixin DeviceOption device;

  @Option(
      names = "--limit",
      paramLabel = "N",
      description = "Ask only the first N items of a task.")
  Optional<Integer> limit = Optional.empty();

  @Option(
      names = "--fresh",
      description = "Run every cell again; the earlier records are set aside, not deleted.")
  boolean fresh;

  @Override
  public Integer call() throws IOException {
    if (limit.isPresent() && limit.get() < 1) {
      throw new UsageException("--limit is " + limit.get() + "; give at least 1.");
    }
    StudyOptions options =
        new StudyOptions(
            output.folder(),
            suite,
            model,
            threads.threads(),
            limit.map(OptionalInt::of).orElse(OptionalInt.empty()),
            execution.asked(),
            execution.requiresKernels(),
            device.asked);
    StudySpec study =
        specification.map(StudySpec::read).orElseGet(StudySpec::defaultSpec).with(options);
    Device _ = device.device(study.execution());
    if (fresh) {
      setAside(options.out());
    }
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    long start = System.nanoTime();
    StudyOutcome outcome;
    boolean timed = true;
    try (Interruption interruption =
            Interruption.listen("Stopping; Ctrl-C again ends without waiting.");
        ProgressLine progress = new ProgressLine(err, Screen.showsErrors())) {
      outcome =
          StudyRunner.run(study, options, new StudyDisplay(progress, interruption::requested));
      if (!outcome.cancelled() && study.speed().isPresent()) {
        timed = measureSpeed(study.speed().get(), options, progress);
      }
    }
    MapFiles.writeAndShow(options.out(), study, out);
    if (outcome.cancelled() || !timed) {
      err.println("Interrupted: finished cells are kept; run the same command to go on.");
      err.flush();
      return Exit.INTERRUPTED;
    }
    out.printf(
        "%d cells: %d run, %d from earlier runs, in %s.%n",
        outcome.cells(),
        outcome.evaluated(),
        outcome.reused(),
        Amounts.time(Duration.ofNanos(System.nanoTime() - start)));
    out.flush();
    return outcome.failed() == 0 ? Exit.OK : failed(outcome, err);
  }

  /** Whether it was measured to the end. */
  private static boolean measureSpeed(
      SpeedSpec speed, StudyOptions options, ProgressLine progress) {
    try {
      SpeedStudy.run(
          speed,
          options.threads(),
          options.out(),
          (round, all, step) ->
              progress.status("Speed, round %d of %d: %s".formatted(round, all, step)));
      return true;
    } catch (CancellationException interrupted) {
      return false;
    }
  }

  private static int failed(StudyOutcome outcome, PrintWriter err) {
    err.println("bitatlas: " + outcome.failed() + " cells failed; the report says why.");
    err.flush();
    return Exit.ERROR;
  }

  /**
   * Gives the record store another name, so that a process that still writes to it loses nothing.
   */
  private static void setAside(Path folder) throws IOException {
    Path store = folder.resolve(RunStore.FILE);
    if (!Files.exists(store)) {
      return;
    }
    int number = 1;
    while (Files.exists(folder.resolve(RunStore.FILE + "." + number))) {
      number++;
    }
    for (String part : new String[] {"", "-wal", "-shm"}) {
      Path file = folder.resolve(RunStore.FILE + part);
      if (Files.exists(file)) {
        Files.move(file, folder.resolve(RunStore.FILE + "." + number + part));
      }
    }
  }

  /** The option {@code --out}, the same for {@code study} and {@code map}. */
  static final class OutputFolder {
    @Option(
        names = "--out",
        paramLabel = "DIR",
        defaultValue = "bitatlas-out",
        description = "Folder of the records and the report (default: ${DEFAULT-VALUE}).")
    Path out = Path.of("bitatlas-out");

    Path folder() {
      if (Files.exists(out) && !Files.isDirectory(out)) {
        throw new BitAtlasException(
            "The output folder %s is a file; give the name of a folder.".formatted(out));
      }
      return out;
    }
  }
}
