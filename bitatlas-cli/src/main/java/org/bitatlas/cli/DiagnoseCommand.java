package org.bitatlas.cli;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.bitatlas.study.CellModels;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.RunStore;
import org.bitatlas.study.diagnosis.CellMeasurement;
import org.bitatlas.study.diagnosis.CellName;
import org.bitatlas.study.diagnosis.Diagnosis;
import org.bitatlas.study.diagnosis.Evidence;
import org.bitatlas.tensor.BitAtlasException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Says of a cell of a study what breaks first, and what to try. */
@Command(
    name = "diagnose",
    description = "Say what breaks first in a cell of a study, and what to try.",
    footer = {
      "",
      "Examples:",
      "  bitatlas diagnose \"RTN W3/chain_nano/slow_think\"",
      "  bitatlas diagnose \"nano/GPTQ W2/gsm_nano/slow_think\" --measure",
      "  bitatlas diagnose 4f2a91 --study my-study --examples 5 --json",
      "",
      "Works on the records alone; what they do not hold is named. With --measure it",
      "quantizes the model again as the record says and runs it: the KL of each layer",
      "alone, the growth of the error, probabilities at the first divergent token."
    })
final class DiagnoseCommand implements Callable<Integer> {

  @Spec CommandSpec spec;

  @Mixin CommonOptions common;

  @Parameters(
      paramLabel = "CELL",
      description =
          "row/task/mode as on the map, with model/ in front where there are several, or the"
              + " beginning of a record's key.")
  String cell = "";

  @Option(
      names = "--study",
      paramLabel = "DIR",
      defaultValue = "bitatlas-out",
      description = "Folder of the study (default: ${DEFAULT-VALUE}).")
  Path study = Path.of("bitatlas-out");

  @Option(
      names = "--examples",
      paramLabel = "N",
      defaultValue = "3",
      description = "Broken replies to show beside float's (default: ${DEFAULT-VALUE}).")
  int examples;

  @Option(
      names = "--measure",
      description = "Run the model too, and keep what was measured in the study's folder.")
  boolean measure;

  @Mixin ThreadsOption threads;

  @Option(names = "--json", description = "Everything as JSON, nothing else.")
  boolean json;

  @Override
  public Integer call() {
    if (examples < 0) {
      throw new UsageException("--examples is " + examples + "; give 0 or more.");
    }
    if (!Files.isRegularFile(study.resolve(RunStore.FILE))) {
      throw new BitAtlasException(
          "There are no records in %s; run bitatlas study first, or give its folder with --study."
              .formatted(study));
    }
    Diagnosis diagnosis = measure ? measured() : of(Optional.empty());
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(diagnosis.toJson());
    } else {
      DiagnosisText.lines(diagnosis).forEach(out::println);
    }
    out.flush();
    return Exit.OK;
  }

  private Diagnosis of(Optional<RunRecord> known) {
    try (RunStore store = RunStore.open(study)) {
      RunRecord record = known.orElseGet(() -> CellName.find(store, cell));
      return Diagnosis.of(
          Evidence.of(store, study, record, CellModels.tokenizer(record), examples));
    }
  }

  private Diagnosis measured() {
    RunRecord record;
    try (RunStore store = RunStore.open(study)) {
      record = CellName.find(store, cell);
    }
    // Refuses what is not a quantized cell before anything is loaded.
    Diagnosis before = of(Optional.of(record));
    try (ProgressLine progress =
            new ProgressLine(spec.commandLine().getErr(), Screen.showsErrors());
        CellModels models = CellModels.open(record, study, threads.threads())) {
      if (before.measured().isEmpty()) {
        progress.status("quantizing " + CellName.fullName(record));
        CellMeasurement.measure(
                models,
                (what, done, steps) -> progress.status("%s, %d of %d".formatted(what, done, steps)))
            .keep(study, record);
      }
      progress.status("reading where replies part");
      return of(Optional.of(record)).withOdds(models);
    }
  }
}
