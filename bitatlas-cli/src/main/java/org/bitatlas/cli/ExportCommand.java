package org.bitatlas.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.bitatlas.format.CheckpointExport;
import org.bitatlas.format.ExportReport;
import org.bitatlas.format.ExportSource;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.catalog.FormatCatalog;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.scheme.QuantizedCheckpointFolder;
import org.bitatlas.study.MeasuredLoss;
import org.bitatlas.tensor.BitAtlasException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Writes a quantized checkpoint in a format that others load. */
@Command(
    name = "export",
    description = "Write a quantized checkpoint in a format that others load.",
    footer = {
      "",
      "Example: bitatlas export nano-gptq-w4 --format compressed-tensors --output nano-ct"
    })
final class ExportCommand implements Callable<Integer> {

  @Spec CommandSpec spec;

  @Mixin CommonOptions common;

  @Parameters(paramLabel = "QUANTIZED", description = "A folder that 'quantize' wrote.")
  Path quantized = Path.of("");

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      required = true,
      description = "compressed-tensors, gptq, awq, modelslim or gguf.")
  String format = "";

  @Mixin WrittenFolder written;

  @Mixin FormatOptions options;

  @Option(
      names = "--records",
      paramLabel = "DIR",
      description =
          "Folder of a study whose records of this recipe go into the model card as measured loss.")
  Optional<Path> records = Optional.empty();

  @Override
  public Integer call() {
    FormatName name = FormatName.of(format);
    if (!QuantizedCheckpointFolder.isQuantized(quantized)) {
      throw new BitAtlasException(
          "%s is no folder that 'quantize' wrote; for a checkpoint of another format use 'convert'."
              .formatted(quantized));
    }
    try (ModelFolder opened = FormatCatalog.map(quantized)) {
      ExportSource source = ExportSource.of(opened);
      List<String> measured =
          records
              .map(folder -> MeasuredLoss.of(folder, source.quantized().provenance()))
              .orElse(List.of());
      ExportReport report =
          new CheckpointExport(source, options.writer(name).plan(source), options.export(measured))
              .write(written.output);
      ExportFacts.print(name.label(), report, spec.commandLine().getOut());
      return Exit.OK;
    }
  }
}
