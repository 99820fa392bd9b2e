package org.bitatlas.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.bitatlas.format.catalog.FormatCatalog;
import org.bitatlas.kernel.AscendLinears;
import org.bitatlas.model.Execution;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.model.NumericsComparison;
import org.bitatlas.model.Precision;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.quant.calibration.CalibrationSet;
import org.bitatlas.quant.calibration.CalibrationSets;
import org.bitatlas.quant.calibration.CalibrationSource;
import org.bitatlas.study.report.NumericsReport;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.Device;
import org.bitatlas.tokenizer.ChatTokenizers;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Holds a quantized model's arithmetic here against that of an NPU, layer by layer. */
@Command(
    name = "numerics",
    description = {
      "Compare a quantized model's arithmetic here with that of an NPU.",
      "Per layer the error of its outputs, on the whole the distance of the logits. The NPU is"
          + " emulated, never run on hardware (docs/ascend-numerics.md)."
    },
    footer = {
      "",
      "Example:",
      "  bitatlas quantize nano --method rtn --bits 8 --a-bits 8 \\",
      "    --option sym=true --out nano-w8a8",
      "  bitatlas numerics nano-w8a8 --beside nano --json numerics.json"
    })
final class NumericsCommand implements Callable<Integer> {

  private static final String ROW = "%-36s %-13s %9s %9s %9s";

  @Spec CommandSpec spec;

  @Mixin CommonOptions common;

  @Parameters(paramLabel = "QUANTIZED", description = "A quantized model's folder.")
  String model;

  @Mixin NumericsOption numerics;

  @Option(
      names = "--beside",
      paramLabel = "MODEL",
      description = "The float model, to measure the distance of both to it as well.")
  Optional<String> beside = Optional.empty();

  @Option(
      names = "--text",
      paramLabel = "SOURCE",
      description = "Texts to run, as --calibration of quantize takes them (default: nano).")
  String source = ModelReference.NANO;

  @Option(
      names = "--samples",
      paramLabel = "N",
      defaultValue = "16",
      description = "Sequences (default: ${DEFAULT-VALUE}).")
  int samples;

  @Option(
      names = "--length",
      paramLabel = "N",
      defaultValue = "256",
      description = "Tokens of each (default: ${DEFAULT-VALUE}).")
  int length;

  @Option(names = "--json", paramLabel = "FILE", description = "Also write the result as JSON.")
  Optional<Path> json = Optional.empty();

  @Mixin ThreadsOption threads;

  @Override
  public Integer call() {
    Execution other = numerics.emulation().orElse(Execution.ASCEND_910B);
    if (numerics.asked.isPresent() && numerics.emulation().isEmpty()) {
      throw new UsageException(
          "Our own numerics are compared already; give --numerics ascend-910b.");
    }
    Path folder = ModelReference.folder(model);
    Precision precision = Precision.preferred().precision();
    PrintWriter out = spec.commandLine().getOut();
    try (ModelFolder opened = FormatCatalog.open(folder);
        NumericsComparison comparison =
            NumericsComparison.load(opened, other, precision, threads.threads())) {
      CalibrationSet texts = texts(folder);
      NumericsComparison.Result result =
          beside.isPresent()
              ? besideFloat(comparison, texts, beside.get())
              : comparison.compare(texts.sequences(), Optional.empty());
      print(result, precision, other, out);
      json.ifPresent(file -> {
        NumericsReport.writeJson(result, new NumericsReport.Facts(model, other, precision), file);
        out.println("JSON: " + file);
      });
    }
    out.flush();
    return Exit.OK;
  }

  private CalibrationSet texts(Path folder) {
    CalibrationSource from =
        CalibrationSource.parse(
            source, Optional.empty(), Optional.empty(), CalibrationOptions::locate);
    return CalibrationSets.of(
        from, ChatTokenizers.load(folder), new CalibrationSets.Selection(samples, length, 0));
  }

  private NumericsComparison.Result besideFloat(
      NumericsComparison comparison, CalibrationSet texts, String name) {
    try (ModelFolder opened = FormatCatalog.open(ModelReference.folder(name))) {
      if (opened.quantized().isPresent()) {
        throw new BitAtlasException(
            "The model %s is quantized; give the float model to --beside.".formatted(name));
      }
      try (TransformerModel floats =
          opened.load(Precision.FP32, Execution.SIMULATED, threads.threads(), Device.CPU)) {
        return comparison.compare(texts.sequences(), Optional.of(floats));
      }
    }
  }

  private void print(
      NumericsComparison.Result result, Precision precision, Execution other, PrintWriter out) {
    String name = other.numerics();
    out.println("Error of each layer's outputs, relative, against its weights without rounding:");
    out.println(
        "cpu: integer execution, %s between; %s: %s"
            .formatted(precision, name, AscendLinears.LABEL));
    out.println();
    out.println(row("layer", "executed as", "cpu", name.substring(0, name.indexOf('-')), "apart"));
    for (NumericsComparison.Layer layer : result.layers()) {
      String module = layer.module().replaceFirst("^model\\.layers\\.", "");
      out.println(
          row(
              module,
              layer.scheme().replace("_DYNAMIC", "_DYN").replace("_FLATQUANT", "_FQ"),
              percent(layer.ours()),
              percent(layer.theirs()),
              percent(layer.apart())));
    }
    out.println();
    out.println(
        "Logits at %d positions: KL divergence cpu to %s %s nats, same top token at %s"
            .formatted(
                result.positions(),
                name,
                number(result.divergence()),
                percent(result.agreement())));
    result
        .oursToFloat()
        .ifPresent(ours ->
            out.println(
                "KL divergence from float: cpu %s nats, %s %s nats (%s)"
                    .formatted(
                        number(ours),
                        name,
                        number(result.theirsToFloat().orElse(Double.NaN)),
                        AscendLinears.LABEL)));
  }

  private static String row(Object... cells) {
    return ROW.formatted(cells).stripTrailing();
  }

  private static String percent(double part) {
    return String.format(Locale.ROOT, "%.3f %%", 100 * part);
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.3g", value);
  }
}
