package org.bitatlas.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.format.catalog.FormatCatalog;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.quant.allocation.AdaptiveBits;
import org.bitatlas.quant.allocation.AllocatedBits;
import org.bitatlas.quant.calibration.CalibrationSet;
import org.bitatlas.quant.method.ActivationPolicy;
import org.bitatlas.quant.method.BitAllocation;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.pipeline.LayerReport;
import org.bitatlas.quant.pipeline.QuantizationPipeline;
import org.bitatlas.quant.pipeline.QuantizationSummary;
import org.bitatlas.study.target.AllocationTarget;
import org.bitatlas.tensor.BitAtlasException;
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

  @Mixin RecipeOptions recipe;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      required = true,
      description = "Folder of the quantized checkpoint.")
  Path out = Path.of("quantized");

  @Mixin CalibrationOptions calibration;

  @Mixin ThreadsOption threads;

  @Override
  public Integer call() {
    Recipe wanted = recipe.recipe();
    int workers = threads.threads();
    Path folder = ModelReference.folder(model);
    PrintWriter err = spec.commandLine().getErr();
    long start = System.nanoTime();
    try (ModelFolder opened = FormatCatalog.open(folder);
        Interruption interruption =
            Interruption.listen("Stopping; the same command goes on at the block it was in.");
        ProgressLine progress = new ProgressLine(err, Screen.showsErrors())) {
      if (opened.quantized().isPresent()) {
        throw new BitAtlasException(
            "The model %s is quantized already; give the float model.".formatted(model));
      }
      Optional<CalibrationSet> set =
          wanted.needsCalibration()
              ? Optional.of(calibration.set(folder, opened.architecture().vocabularySize()))
              : Optional.empty();
      Optional<PlannedCost> planned =
          PlannedCost.of(
              opened, wanted, set, workers, Path.of(System.getProperty("java.io.tmpdir")));
      long begun = System.nanoTime();
      QuantizationPipeline.Source source =
          new QuantizationPipeline.Source(model, opened.architecture(), opened.checkpoint());
      Recipe allocated = allocated(source, wanted, set, workers, progress);
      BlockLines lines =
          new BlockLines(
              progress,
              wanted.label(),
              opened.architecture().layers(),
              wanted.activations().bits() != ActivationPolicy.FLOAT_BITS);
      QuantizationSummary result =
          QuantizationPipeline.quantizeTo(source, folder, out, allocated, set, workers, lines);
      lines.finish();
      progress.close();
      if (result.resumedAt() == 0) {
        planned.ifPresent(cost ->
            cost.compare(Duration.ofNanos(System.nanoTime() - begun), result, storedBytes())
                .forEach(spec.commandLine().getOut()::println));
      }
      summary(wanted, opened.architecture(), result, Duration.ofNanos(System.nanoTime() - start));
      return Exit.OK;
    } catch (CancellationException e) {
      return Exit.INTERRUPTED;
    }
  }

  /** The recipe with the bits of its layers, which are found now where they adapt. */
  private Recipe allocated(
      QuantizationPipeline.Source source,
      Recipe wanted,
      Optional<CalibrationSet> set,
      int workers,
      ProgressLine progress) {
    if (!(wanted.allocation() instanceof BitAllocation.Adaptive)) {
      return wanted;
    }
    AllocatedBits bits =
        AdaptiveBits.resolve(
            source,
            wanted,
            set.orElseThrow(),
            new AdaptiveBits.Options(
                Optional.of(CacheFolders.bitatlas().resolve("sensitivity")),
                AllocationTarget.ways(wanted, source.architecture()),
                workers,
                (what, done, steps) -> progress.status(what + " " + done + " of " + steps)));
    PrintWriter printer = spec.commandLine().getOut();
    bits.notes().forEach(note -> printer.println("Note: " + note));
    return bits.recipe();
  }

  private void summary(
      Recipe wanted, Architecture architecture, QuantizationSummary result, Duration time) {
    PrintWriter printer = spec.commandLine().getOut();
    result.notes().forEach(note -> printer.println("Note: " + note));
    printer.println(
        "%s: %d linear layers in %s%s"
            .formatted(
                wanted.label(),
                result.layers().size(),
                Amounts.time(time),
                result.resumedAt() == 0
                    ? ""
                    : ", going on after block " + result.resumedAt() + " of an earlier run"));
    result.layers().stream()
        .max(Comparator.comparingDouble(LayerReport::weightError))
        .ifPresent(worst ->
            printer.printf(
                Locale.ROOT,
                "Largest relative weight error: %.2e in %s%n",
                worst.weightError(),
                worst.module()));
    double linearBits = 0;
    double weights = 0;
    for (LayerReport layer : result.layers()) {
      double count =
          (double) architecture.outputFeatures(layer.projection())
              * architecture.inputFeatures(layer.projection());
      weights += count;
      linearBits += count * layer.storedBits();
    }
    printer.printf(
        Locale.ROOT,
        "Stored: %.2f bits per quantized weight, %s in all%n",
        linearBits / Math.max(1, weights),
        Amounts.bytes(storedBytes()));
    printer.println("Written to " + out);
    printer.flush();
  }

  /** Bytes of all tensors of the folder just written; only headers are read. */
  private long storedBytes() {
    try (Checkpoint written = SafetensorsCheckpoint.open(out)) {
      return written.names().stream().mapToLong(name -> written.get(name).data().byteSize()).sum();
    }
  }
}
