package org.bitatlas.cli;

import java.io.PrintWriter;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.bitatlas.format.CheckpointExport;
import org.bitatlas.format.ExportOptions;
import org.bitatlas.format.ExportReport;
import org.bitatlas.format.gguf.FloatRounding;
import org.bitatlas.format.gguf.GgufFormatWriter;
import org.bitatlas.format.gguf.GgufType;
import org.bitatlas.model.ModelFolder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Writes a float model as a GGUF file. */
@Command(
    name = "gguf",
    description = {
      "Write a float model as a GGUF file, its matrices rounded as llama.cpp's quantizer does"
          + " without an importance matrix.",
      "This is llama.cpp's method, a baseline; what 'quantize' wrote is carried without rounding"
          + " by 'export --format gguf'."
    },
    footer = {
      "",
      "Try: bitatlas gguf nano --type Q4_K --output nano-gguf",
      "     bitatlas gguf nano --type F16 --output nano-f16"
    })
final class GgufCommand implements Callable<Integer> {

  @Spec CommandSpec spec;

  @Mixin CommonOptions common;

  @Parameters(paramLabel = "MODEL", description = "Folder or name of a float model.")
  String model = "";

  @Option(
      names = "--type",
      paramLabel = "TYPE",
      required = true,
      description = "F32, F16, BF16, Q8_0, Q6_K, Q5_1, Q5_0, Q4_K, Q4_1 or Q4_0.")
  String type = "";

  @Option(
      names = "--outer-type",
      paramLabel = "TYPE",
      description =
          "Type of embedding and head (default: Q6_K where --type has fewer bits, else --type).")
  Optional<String> outer = Optional.empty();

  @Mixin WrittenFolder written;

  @Override
  public Integer call() {
    GgufType blocks = GgufType.of(type);
    FloatRounding rounding =
        outer
            .map(named -> new FloatRounding(blocks, GgufType.of(named)))
            .orElseGet(() -> FloatRounding.usual(blocks));
    try (ModelFolder opened = ModelFolder.open(ModelReference.folder(model))) {
      var source = GgufFormatWriter.source(opened, rounding);
      ExportReport report =
          new CheckpointExport(
                  source, GgufFormatWriter.rounding(rounding).plan(source), ExportOptions.DEFAULT)
              .write(written.output);
      PrintWriter out = spec.commandLine().getOut();
      out.printf(
          "Written to %s: %s, %s of tensors (float: %s)%n",
          written.output,
          report.weightFiles().getFirst(),
          Amounts.bytes(report.tensorBytes()),
          Amounts.bytes(report.floatBytes()));
      report.notes().forEach(note -> out.println("Note: " + note));
      out.flush();
    }
    return Exit.OK;
  }
}
