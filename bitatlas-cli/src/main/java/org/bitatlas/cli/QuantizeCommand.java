package org.bitatlas.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.quant.calibration.CalibrationSet;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.pipeline.LayerError;
import org.bitatlas.quant.pipeline.QuantizationPipeline;
import org.bitatlas.quant.pipeline.QuantizationResult;
import org.bitatlas.scheme.QuantizedCheckpointFolder;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.ChatTokenizers;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Turns a float model into a quantized checkpoint folder. */
@Command(name = "quantize", description = "Turn a float model into a quantized checkpoint.")
final class QuantizeCommand implements Callable<Integer> {

  @Spec CommandSpec spec;

  @Mixin CommonOptions common;

  @Parameters(paramLabel = "MODEL", description = ModelReference.DESCRIPTION)
  String model;

  @Option(
      names = "--method",
      paramLabel = "METHOD",
      required = true,
      description = "rtn (round to nearest) or gptq.")
  String method = "";

  @Option(names = "--bits", paramLabel = "N", required = true, description = "Weight bits, 2 to 8.")
  int bits;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      required = true,
      description = "Folder of the quantized checkpoint.")
  Path out = Path.of("quantized");

  @Option(
      names = "--group-size",
      paramLabel = "N",
      defaultValue = "0",
      description = "Columns that share a scale; 0: one scale per output channel (default).")
  int groupSize;

  @Option(
      names = "--sym",
      negatable = true,
      description = "Symmetric grid (default: --no-sym, an asymmetric one).")
  boolean symmetric;

  @Option(names = "--mse", description = "Search the range with the least error.")
  boolean meanSquaredError;

  @Option(names = "--act-order", description = "GPTQ: columns by falling activation size.")
  boolean actOrder;

  @Option(names = "--static-groups", description = "GPTQ: fit all groups before the sweep.")
  boolean staticGroups;

  @Option(names = "--true-sequential", description = "GPTQ: one projection after the other.")
  boolean trueSequential;

  @Option(
      names = "--damp",
      paramLabel = "F",
      description = "GPTQ: damping as a fraction of the mean diagonal (default: 0.01).")
  Optional<Double> damping = Optional.empty();

  @Mixin CalibrationOptions calibration;

  @Mixin ThreadsOption threads;

  @Override
  public Integer call() {
    Recipe recipe = Recipe.parse(options());
    int workers = threads.threads();
    Path folder = ModelReference.folder(model);
    PrintWriter err = spec.commandLine().getErr();
    long start = System.nanoTime();
    try (ModelFolder opened = ModelFolder.open(folder);
        Interruption interruption = Interruption.listen("Stopping; nothing is written.");
        ProgressLine progress = new ProgressLine(err, Screen.showsErrors())) {
      if (opened.quantized().isPresent()) {
        throw new BitAtlasException(
            "The model %s is quantized already; give the float model.".formatted(model));
      }
      Optional<CalibrationSet> set =
          recipe.needsCalibration()
              ? Optional.of(calibration.set(ChatTokenizers.load(folder)))
              : Optional.empty();
      QuantizationResult result =
          QuantizationPipeline.quantize(
              new QuantizationPipeline.Source(model, opened.architecture(), opened.checkpoint()),
              recipe,
              set,
              workers,
              state ->
                  progress.status(
                      "%s: %d of %d layers, %s"
                          .formatted(
                              recipe.label(), state.finished(), state.total(), state.module())));
      QuantizedCheckpointFolder.write(result.checkpoint(), opened.checkpoint(), folder, out);
      progress.close();
      summary(recipe, result, Duration.ofNanos(System.nanoTime() - start));
      return Exit.OK;
    } catch (CancellationException e) {
      return Exit.INTERRUPTED;
    }
  }

  private Map<String, Object> options() {
    Map<String, Object> options = new LinkedHashMap<>();
    options.put("method", method.toLowerCase(Locale.ROOT));
    options.put("bits", Integer.toString(bits));
    options.put("group_size", Integer.toString(groupSize));
    options.put("sym", Boolean.toString(symmetric));
    options.put("mse", Boolean.toString(meanSquaredError));
    option(options, "act_order", actOrder);
    option(options, "static_groups", staticGroups);
    option(options, "true_sequential", trueSequential);
    damping.ifPresent(value -> options.put("percdamp", value.toString()));
    return options;
  }

  /** An option of one method is passed on only where it was given, so that the other refuses it. */
  private static void option(Map<String, Object> options, String name, boolean given) {
    if (given) {
      options.put(name, "true");
    }
  }

  private void summary(Recipe recipe, QuantizationResult result, Duration time) {
    PrintWriter printer = spec.commandLine().getOut();
    result.notes().forEach(note -> printer.println("Note: " + note));
    printer.println(
        recipe.label()
            + ": "
            + result.checkpoint().linears().size()
            + " linear layers in "
            + Amounts.time(time));
    result.layerErrors().stream()
        .max(Comparator.comparingDouble(LayerError::weightError))
        .ifPresent(worst ->
            printer.printf(
                Locale.ROOT,
                "Largest relative weight error: %.2e in %s%n",
                worst.weightError(),
                worst.projection().module(worst.layer())));
    printer.println("Written to " + out);
    printer.flush();
  }
}
