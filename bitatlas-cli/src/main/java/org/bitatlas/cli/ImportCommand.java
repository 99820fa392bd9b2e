package org.bitatlas.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.bitatlas.eval.CellState;
import org.bitatlas.study.Metric;
import org.bitatlas.study.RunRecord;
import org.bitatlas.study.RunStore;
import org.bitatlas.study.StudyLock;
import org.bitatlas.study.imports.ImportLabel;
import org.bitatlas.study.imports.Imported;
import org.bitatlas.study.imports.ResultFile;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Reads result files of other programs into the records. */
@Command(
    name = "import",
    description = "Read result files of other programs as records with their origin.",
    footer = {
      "",
      "Known: results_*.json of lm-evaluation-harness, with samples_*.jsonl beside it, and the",
      "JSON of vllm bench serve and vllm bench throughput."
    })
final class ImportCommand implements Callable<Integer> {

  @Spec CommandSpec spec;

  @Mixin CommonOptions common;

  @Parameters(paramLabel = "FILE", arity = "1..*", description = "Files of results.")
  List<Path> files = List.of();

  @Option(
      names = "--label",
      paramLabel = "TEXT",
      required = true,
      description = "What was measured, as the map shows it.")
  String label = "";

  @Option(
      names = "--platform",
      paramLabel = "TEXT",
      required = true,
      description = "What it ran on, for example 'Ascend 910B'.")
  String platform = "";

  @Option(
      names = "--beside",
      paramLabel = "MODEL",
      description = "Stand on the map with this model of a study in --out (default: alone).")
  Optional<String> beside = Optional.empty();

  @Mixin StudyCommand.OutputFolder output;

  @Override
  public Integer call() {
    ImportLabel labelled = new ImportLabel(label, platform, beside);
    List<Imported> cells = new ArrayList<>();
    for (Path file : files) {
      cells.addAll(ResultFile.read(file, labelled));
    }
    PrintWriter out = spec.commandLine().getOut();
    try (StudyLock lock = StudyLock.acquire(output.folder());
        RunStore store = RunStore.open(lock.folder())) {
      for (Imported cell : cells) {
        store.put(cell.record(), cell.samples());
        out.printf(
            Locale.ROOT,
            "%-45s %10s%s%n",
            (cell.record().task() + " " + cell.record().mode()).strip(),
            figure(cell.record()),
            cell.samples().isEmpty() ? "" : "  with " + cell.samples().size() + " samples");
      }
    }
    out.println(
        cells.size() + " records imported into " + output.folder() + "; bitatlas map draws them.");
    out.flush();
    return Exit.OK;
  }

  private static String figure(RunRecord record) {
    if (record.state() != CellState.OK) {
      return record.state().name().toLowerCase(Locale.ROOT);
    }
    return record.metric() == Metric.SPEED
        ? String.format(Locale.ROOT, "%.1f", record.primary())
        : Figures.primary(record.metric() == Metric.PERPLEXITY, record.primary());
  }
}
