package org.bitatlas.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.bitatlas.format.check.CheckReport;
import org.bitatlas.format.check.CheckReportText;
import org.bitatlas.format.check.CheckpointCheck;
import org.bitatlas.format.check.LoaderTarget;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Checks a checkpoint folder before it is served. */
@Command(
    name = "check",
    description = {
      "Check that a serving stack will load a checkpoint folder and compute what it says: every"
          + " problem in one go, by tensor name, with the remedy.",
      "Reads files only; needs no native library."
    },
    footer = {
      "",
      "Try: bitatlas check exported --for vllm-ascend@0.23",
      "     bitatlas check exported --for vllm-ascend --on ascend-310p",
      "     bitatlas check exported --for vllm --json"
    })
final class CheckCommand implements Callable<Integer> {

  @Spec CommandSpec spec;

  @Mixin CommonOptions common;

  @Parameters(paramLabel = "DIR", description = "Folder with a checkpoint.")
  Path folder = Path.of("");

  @Option(
      names = "--for",
      paramLabel = "STACK[@VERSION]",
      required = true,
      description =
          "vllm-ascend, vllm, transformers, gptqmodel or llama.cpp, with a version such as 0.23"
              + " (default: the development branch).")
  String target = "";

  @Option(
      names = "--on",
      paramLabel = "DEVICE",
      description = "Device family, for example ascend-310p (default: the stack's first).")
  Optional<String> device = Optional.empty();

  @Option(names = "--all", description = "Tell every finding in full, also those of one kind.")
  boolean all;

  @Option(names = "--json", description = "Print the report as JSON.")
  boolean json;

  @Override
  public Integer call() {
    CheckReport report = CheckpointCheck.run(folder, LoaderTarget.of(target, device));
    PrintWriter out = spec.commandLine().getOut();
    out.print(json ? CheckReportText.json(report) : CheckReportText.lines(report, all));
    out.flush();
    return report.passes() ? Exit.OK : Exit.ERROR;
  }
}
