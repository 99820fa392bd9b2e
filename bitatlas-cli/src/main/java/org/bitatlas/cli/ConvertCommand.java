package org.bitatlas.cli;

import java.util.List;
import java.util.concurrent.Callable;
import org.bitatlas.format.CheckpointExport;
import org.bitatlas.format.ExportReport;
import org.bitatlas.format.ExportSource;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.NeutralFolder;
import org.bitatlas.format.catalog.FormatCatalog;
import org.bitatlas.model.ModelFolder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Writes a quantized checkpoint of one format in another, without quantizing again. */
@Command(
    name = "convert",
    description =
        "Write a quantized checkpoint of one format in another, without quantizing again.",
    footer = {
      "",
      "Codes, scales and zero points stay bit for bit; what the other format cannot",
      "hold is refused with the reason.",
      "",
      "Try: bitatlas convert Model-GPTQ-Int4 --to compressed-tensors --output Model-CT",
      "     bitatlas convert model-Q4_0.gguf --to bitatlas --output model-q4"
    })
final class ConvertCommand implements Callable<Integer> {

  private static final String NEUTRAL = "bitatlas";

  @Spec CommandSpec spec;

  @Mixin CommonOptions common;

  @Parameters(
      paramLabel = "MODEL",
      description =
          "A quantized model of any format that is read: a folder, a .gguf file, or a hub id.")
  String model = "";

  @Option(
      names = "--to",
      paramLabel = "FORMAT",
      required = true,
      description =
          "compressed-tensors, gptq, awq, modelslim, gguf, or bitatlas for BitAtlas's own.")
  String to = "";

  @Mixin WrittenFolder written;

  @Mixin FormatOptions options;

  @Override
  public Integer call() {
    boolean neutral = to.equals(NEUTRAL);
    if (!neutral) {
      FormatName.of(to);
    }
    try (UnpackedModel unpacked = UnpackedModel.of(model);
        ModelFolder opened = FormatCatalog.map(unpacked.folder())) {
      ExportSource source = ExportSource.of(opened);
      if (neutral) {
        NeutralFolder.write(source, written.output);
        spec.commandLine().getOut().println("Written to " + written.output);
        spec.commandLine().getOut().flush();
        return Exit.OK;
      }
      FormatName format = FormatName.of(to);
      ExportReport report =
          new CheckpointExport(
                  source, options.writer(format).plan(source), options.export(List.of()))
              .write(written.output);
      ExportFacts.print(format.label(), report, spec.commandLine().getOut());
      return Exit.OK;
    }
  }
}
