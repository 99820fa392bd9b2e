package org.bitatlas.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.bitatlas.format.catalog.FormatCatalog;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.model.NamedShapes;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.plan.Calibration;
import org.bitatlas.quant.plan.CostModel;
import org.bitatlas.quant.plan.KernelBenchmark;
import org.bitatlas.quant.plan.KernelRates;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Predicts what a quantization will cost, before the work. */
@Command(
    name = "plan",
    description = {
      "Predict time, memory, disk and output size of a quantization.",
      "Takes a few seconds to measure this machine; loads no weights."
    })
final class PlanCommand implements Callable<Integer> {

  /** A model without weights to look at is taken to be stored in bf16. */
  private static final int BF16_BYTES = 2;

  @Spec CommandSpec spec;

  @Mixin CommonOptions common;

  @Parameters(paramLabel = "MODEL", arity = "0..1", description = ModelReference.DESCRIPTION)
  Optional<String> model = Optional.empty();

  @Option(
      names = "--shape",
      paramLabel = "NAME",
      description =
          "A published model's shape in place of MODEL, without weights: openpangu-1b,"
              + " openpangu-7b, r1-distill-qwen-1.5b, -7b, -14b, qwq-32b or llama-2-7b.")
  Optional<String> shape = Optional.empty();

  @Mixin RecipeOptions method;

  @Mixin CalibrationShape calibration;

  @Mixin ThreadsOption threads;

  @Override
  public Integer call() {
    Recipe recipe = method.recipe();
    Optional<Calibration> set =
        recipe.needsCalibration()
            ? Optional.of(new Calibration(calibration.samples, calibration.length))
            : Optional.empty();
    Subject subject = subject();
    KernelRates rates =
        KernelBenchmark.measure(
            subject.architecture(),
            calibration.length,
            threads.threads(),
            Path.of(System.getProperty("java.io.tmpdir")));
    PrintWriter out = spec.commandLine().getOut();
    out.println(subject.name());
    CostModel.predict(subject.architecture(), subject.storedBytes(), recipe, set, rates)
        .lines()
        .forEach(out::println);
    out.flush();
    return Exit.OK;
  }

  /**
   * What is to be quantized.
   *
   * @param storedBytes of a weight
   */
  private record Subject(String name, Architecture architecture, int storedBytes) {}

  private Subject subject() {
    if (model.isPresent() == shape.isPresent()) {
      throw new UsageException("Give either a MODEL or --shape NAME.");
    }
    if (shape.isPresent()) {
      return new Subject(
          shape.get() + ", a shape without weights", NamedShapes.named(shape.get()), BF16_BYTES);
    }
    try (ModelFolder opened = FormatCatalog.open(ModelReference.folder(model.get()))) {
      return new Subject(
          model.get(),
          opened.architecture(),
          opened.checkpoint().get("model.embed_tokens.weight").type().bits() / Byte.SIZE);
    }
  }
}
