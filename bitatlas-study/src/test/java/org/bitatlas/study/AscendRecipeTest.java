package org.bitatlas.study;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.format.CheckpointExport;
import org.bitatlas.format.ExportOptions;
import org.bitatlas.format.ExportPlan;
import org.bitatlas.format.ExportSource;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.catalog.FormatCatalog;
import org.bitatlas.format.check.CheckReport;
import org.bitatlas.format.check.CheckpointCheck;
import org.bitatlas.format.check.LoaderTarget;
import org.bitatlas.format.check.Severity;
import org.bitatlas.model.Execution;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.model.Precision;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.nano.Nano;
import org.bitatlas.quant.calibration.CalibrationSet;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.pipeline.QuantizationPipeline;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The recipes for Ascend from embedded models to folders that vLLM-Ascend loads. */
class AscendRecipeTest {

  @TempDir private Path folder;

  private static CalibrationSet calibration() {
    SplittableRandom random = new SplittableRandom(3);
    List<int[]> sequences = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      int[] ids = new int[64];
      for (int t = 0; t < ids.length; t++) {
        ids[t] = 3 + random.nextInt(2000);
      }
      sequences.add(ids);
    }
    return new CalibrationSet(sequences, "00", new LinkedHashMap<>());
  }

  /** Quantizes a model, writes it for ModelSlim and returns what was written. */
  private static QuantizedCheckpoint export(Path model, Map<String, ?> options, Path target) {
    try (ModelFolder opened = ModelFolder.open(model)) {
      QuantizedCheckpoint quantized =
          QuantizationPipeline.quantize(
                  new QuantizationPipeline.Source(
                      "nano", opened.architecture(), opened.checkpoint()),
                  Recipe.parse(options),
                  Optional.of(calibration()),
                  1,
                  progress -> {})
              .checkpoint();
      ExportSource source =
          ExportSource.of(
              new ModelFolder(
                  model, opened.architecture(), opened.checkpoint(), Optional.of(quantized)));
      ExportPlan plan = FormatCatalog.writer(FormatName.MODELSLIM).plan(source);
      assertThat(plan.notes()).noneMatch(note -> note.contains("left_trans"));
      new CheckpointExport(source, plan, ExportOptions.DEFAULT).write(target);
      return quantized;
    }
  }

  private static CheckReport check(Path folder, String loader) {
    return CheckpointCheck.run(folder, LoaderTarget.of(loader, Optional.empty()));
  }

  @Test
  void exportsPassesTheCheckAndReadsBackAsItExecutesThere() {
    Path target = folder.resolve("exported");
    QuantizedCheckpoint quantized =
        export(Nano.open().modelFolder(), Map.of("method", "w4a8-ascend"), target);

    assertThat(check(target, "vllm-ascend@0.23").passes()).isTrue();
    assertThat(check(target, "vllm-ascend@main").findings())
        .filteredOn(finding -> finding.severity() == Severity.FAULT)
        .hasSize(18)
        .allSatisfy(finding -> {
          assertThat(finding.rule()).isEqualTo("unsupported-type");
          assertThat(finding.where()).contains(".mlp.");
        });

    try (ModelFolder read = FormatCatalog.open(target)) {
      QuantizedCheckpoint executed = read.quantized().orElseThrow();
      assertThat(executed.linears()).isEqualTo(quantized.linears());
      LinearActivations bytes = LinearActivations.rounding(ActivationQuantizer.perToken(8, true));
      for (String module : executed.linears().keySet()) {
        assertThat(quantized.activationsOf(module)).isEqualTo(bytes);
        assertThat(executed.activationsOf(module))
            .isEqualTo(module.contains(".mlp.") ? LinearActivations.NONE : bytes);
      }
    }
  }

  /** Nothing of w4a4-ascend is lost on the way: transforms, norms and biases are in bf16 before. */
  @Test
  @Tag("slow")
  void flatQuantReadsBackBitForBitAndComputesTheSameInBothArithmetics() {
    Path model = Nano.open().model(Nano.SMALL).orElseThrow();
    Path target = folder.resolve("exported");
    QuantizedCheckpoint quantized =
        export(model, Map.of("method", "w4a4-ascend", "epochs", 1), target);

    for (String version : List.of("0.18", "0.23", "main")) {
      CheckReport report = check(target, "vllm-ascend@" + version);
      assertThat(report.findings())
          .as(version)
          .noneMatch(finding -> finding.severity() != Severity.WARNING);
    }
    int[] ids = calibration().sequences().getFirst();
    try (ModelFolder read = FormatCatalog.open(target);
        ModelFolder base = ModelFolder.open(model);
        Checkpoint written = SafetensorsCheckpoint.open(target, "quant_model_weights")) {
      QuantizedCheckpoint executed = read.quantized().orElseThrow();
      assertThat(executed.linears()).isEqualTo(quantized.linears());
      for (String module : executed.linears().keySet()) {
        LinearActivations around = quantized.activationsOf(module);
        assertThat(around.transform()).as(module).isPresent();
        assertThat(executed.activationsOf(module)).as(module).isEqualTo(around);
      }
      assertThat(quantized.floats()).isNotEmpty();
      for (String name : quantized.floats().keySet()) {
        assertThat(written.get(name).type()).as(name).isEqualTo(ElementType.BF16);
      }
      for (Execution execution : List.of(Execution.INTEGER, Execution.ASCEND_910B)) {
        assertThat(logits(read, executed, execution, ids))
            .as("%s", execution)
            .isEqualTo(logits(base, quantized, execution, ids));
      }
    }
  }

  private static float[] logits(
      ModelFolder floats, QuantizedCheckpoint quantized, Execution execution, int[] ids) {
    Precision precision = execution == Execution.INTEGER ? Precision.FP32 : Precision.BF16;
    try (TransformerModel model =
            TransformerModel.load(
                floats.architecture(), floats.checkpoint(), quantized, precision, execution, 1);
        TensorScope _ = TensorScope.open()) {
      return model.logits(new int[][] {ids}).toFloats();
    }
  }
}
