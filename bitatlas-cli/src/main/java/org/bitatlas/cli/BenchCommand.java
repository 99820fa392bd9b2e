package org.bitatlas.cli;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import org.bitatlas.model.Execution;
import org.bitatlas.study.bench.Bench;
import org.bitatlas.study.bench.BenchOptions;
import org.bitatlas.study.bench.BenchResult;
import org.bitatlas.study.bench.BenchSubject;
import org.bitatlas.study.bench.PredictorCheck;
import org.bitatlas.study.bench.Scheme;
import org.bitatlas.study.report.SpeedReport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Measures how fast a model runs in each scheme. */
@Command(
    name = "bench",
    description = {
      "Measure how fast a model runs in each scheme, and where the time goes.",
      "Schemes are measured in turns, beside the limits of the machine.",
      "Quantized ones run on packed codes unless --execution is given."
    })
final class BenchCommand implements Callable<Integer> {

  @Spec CommandSpec spec;

  @Mixin CommonOptions common;

  @Parameters(paramLabel = "MODEL", arity = "0..1", description = ModelReference.DESCRIPTION)
  Optional<String> model = Optional.empty();

  @Option(
      names = "--shape",
      paramLabel = "NAME",
      description =
          "A published model's shape with random weights in place of MODEL, for example"
              + " openpangu-1b, or openpangu-7b:4-layers for its first four layers.")
  Optional<String> shape = Optional.empty();

  @Option(
      names = "--schemes",
      paramLabel = "LIST",
      split = ",",
      defaultValue = "fp32,bf16,w8a8,w8a8-static,w4a8,w8a16,w4a16-g128,w4a4",
      description =
          "What to compare (default: ${DEFAULT-VALUE}); also w4a8-g128, w4a8-g128x2, w4a8-down8,"
              + " w4a4-flat, w3a16-g128, w2a16-g128, binary, w8a8-kv8 and w4a16-g128-kv4.")
  List<String> schemes = List.of();

  @Option(
      names = "--prefill",
      paramLabel = "N",
      defaultValue = "512",
      description = "Tokens of the prompt (default: ${DEFAULT-VALUE}).")
  int prefill;

  @Option(
      names = "--context",
      paramLabel = "N",
      defaultValue = "128",
      description = "Tokens before the decoded ones (default: ${DEFAULT-VALUE}).")
  int context;

  @Option(
      names = "--tokens",
      paramLabel = "N",
      defaultValue = "16",
      description = "Tokens to decode (default: ${DEFAULT-VALUE}).")
  int tokens;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "3",
      description = "How often each scheme is measured (default: ${DEFAULT-VALUE}).")
  int rounds;

  @Mixin EngineOptions engine;

  @Option(
      names = "--check-predictor",
      description =
          "Hold the roofline that recommend predicts speed with against these measurements, on this"
              + " machine's own limits.")
  boolean checkPredictor;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Write the measurements to a JSON file.")
  Optional<Path> json = Optional.empty();

  @Option(
      names = "--page",
      paramLabel = "FILE",
      description = "Write tables and charts to an HTML file that loads nothing.")
  Optional<Path> page = Optional.empty();

  @Override
  public Integer call() {
    BenchOptions options = options();
    json.ifPresent(BenchCommand::requireFolder);
    page.ifPresent(BenchCommand::requireFolder);
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    BenchResult result;
    Optional<PredictorCheck> check;
    try (Interruption _ =
            Interruption.listen(
                "Stopping after the current step; Ctrl-C again ends without waiting.");
        ProgressLine progress = new ProgressLine(err, Screen.showsErrors());
        BenchSubject subject = subject()) {
      result =
          Bench.run(
              subject,
              options,
              (round, all, step) ->
                  progress.status("Round %d of %d: %s".formatted(round, all, step)));
      check =
          checkPredictor
              ? Optional.of(PredictorCheck.of(result, subject.architecture(), options.precision()))
              : Optional.empty();
    } catch (CancellationException interrupted) {
      err.println(
          "Interrupted: a bench is only told when all rounds are done; nothing was written.");
      err.flush();
      return Exit.INTERRUPTED;
    }
    BenchTable.lines(result).forEach(out::println);
    check.ifPresent(held -> PredictorTable.lines(held).forEach(out::println));
    json.ifPresent(file -> {
      SpeedReport.writeJson(result, file);
      out.println("JSON: " + file);
    });
    page.ifPresent(file -> {
      SpeedReport.writePage(result, file);
      out.println("Page: " + file);
    });
    out.flush();
    return Exit.OK;
  }

  private BenchOptions options() {
    requirePositive("--prefill", prefill);
    requirePositive("--context", context);
    requirePositive("--tokens", tokens);
    requirePositive("--rounds", rounds);
    if (model.isPresent() == shape.isPresent()) {
      throw new UsageException("Give either a MODEL or --shape NAME.");
    }
    if (engine.numerics.emulation().isPresent()) {
      throw new UsageException(
          "bench measures this machine, and --numerics emulates another; leave --numerics out.");
    }
    Execution execution =
        engine
            .execution
            .asked()
            .orElse(engine.device.asked.isHost() ? Execution.INTEGER : Execution.SIMULATED);
    return new BenchOptions(
        schemes.stream().filter(name -> !name.isBlank()).map(Scheme::named).toList(),
        engine.precision(),
        execution,
        engine.execution.requiresKernels(),
        prefill,
        context,
        tokens,
        rounds,
        engine.threads(),
        engine.device.device(execution));
  }

  private static void requirePositive(String option, int value) {
    if (value < 1) {
      throw new UsageException(option + " is " + value + "; give at least 1.");
    }
  }

  /** Said before the work, not after it. */
  private static void requireFolder(Path file) {
    Path folder = file.toAbsolutePath().getParent();
    if (Files.isDirectory(file) || folder == null || !Files.isDirectory(folder)) {
      throw new UsageException(
          "%s cannot be written; give a file in a folder that exists.".formatted(file));
    }
  }

  private BenchSubject subject() {
    return shape.isPresent()
        ? BenchSubject.shape(shape.get())
        : BenchSubject.folder(model.orElseThrow(), ModelReference.folder(model.orElseThrow()));
  }
}
