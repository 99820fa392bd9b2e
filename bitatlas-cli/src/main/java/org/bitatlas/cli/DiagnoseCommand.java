package org.bitatlas.cli;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.bitatlas.study.RunStore;
import org.bitatlas.study.diagnosis.CellName;
import org.bitatlas.study.diagnosis.Diagnosis;
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
      "  bitatlas diagnose 4f2a91 --study my-study --examples 5 --json",
      "",
      "Works on the records alone; what they do not hold is named."
    })
final class DiagnoseCommand implements Callable<Integer> {

  @Spec CommandSpec spec;

  @Mixin CommonOptions common;

  @Parameters(
      paramLabel = "CELL",
      description = "row/task/mode as on the map, or the beginning of a record's key.")
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
    try (RunStore store = RunStore.open(study)) {
      Diagnosis diagnosis =
          Diagnosis.of(
              store,
              CellName.find(store, cell),
              Optional.of(study.resolve("sensitivity")),
              examples);
      PrintWriter out = spec.commandLine().getOut();
      if (json) {
        out.println(diagnosis.toJson());
      } else {
        DiagnosisText.lines(diagnosis).forEach(out::println);
      }
      out.flush();
    }
    return Exit.OK;
  }
}
