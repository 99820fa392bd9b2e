package org.bitatlas.format.modelslim;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.format.CheckpointExport;
import org.bitatlas.format.ExportOptions;
import org.bitatlas.format.ExportReport;
import org.bitatlas.format.ExportSource;
import org.bitatlas.format.StoredFloats;
import org.bitatlas.format.StoredIntegers;
import org.bitatlas.format.TinyModel;
import org.bitatlas.kernel.ascend.DequantScale;
import org.bitatlas.kernel.ascend.HalfFormat;
import org.bitatlas.model.Execution;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.model.Precision;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Scales that are rounded before they are written, as the loaders and the NPU round them. */
class RoundedScalesTest {

  private static final String QUERY = "model.layers.0.self_attn.q_proj";
  private static final int[][] PROMPT = {{1, 5, 9, 13, 40, 2, 7}};

  @TempDir Path folder;

  private ExportReport export(ElementType modelType, LinearType type, boolean roundScales)
      throws IOException {
    Path model = TinyModel.write(folder.resolve("model"), modelType, true);
    ExportSource source = TinyModel.source(model, SampleLayers.of(type));
    try (Checkpoint _ = source.floats()) {
      return new CheckpointExport(
              source, new ModelSlimWriter(roundScales).plan(source), ExportOptions.DEFAULT)
          .write(folder.resolve(roundScales ? "rounded" : "plain"));
    }
  }

  private static float[] values(Checkpoint stored, String name) {
    StoredTensor tensor = stored.get(QUERY + name);
    if (tensor.type() == ElementType.I64) {
      long[] patterns = StoredIntegers.longs(tensor, tensor.elementCount());
      float[] scales = new float[patterns.length];
      for (int n = 0; n < scales.length; n++) {
        scales[n] = DequantScale.read(patterns[n]);
      }
      return scales;
    }
    return StoredFloats.values(tensor, tensor.shape());
  }

  /** Largest relative error of what the NPU makes of an input and of its product with a weight. */
  private static double error(Path exported, HalfFormat type) {
    GridLinear grid = (GridLinear) SampleLayers.layer(LinearType.W8A8, QUERY).linear();
    try (Checkpoint stored = SafetensorsCheckpoint.open(exported, "quant_model_weights")) {
      float scale = type.round(values(stored, ".input_scale")[0]);
      double reciprocal = type.round(1 / scale);
      float[] out = values(stored, ".deq_scale");
      double worst = 0;
      for (int n = 0; n < out.length; n++) {
        worst = Math.max(worst, Math.abs(reciprocal * out[n] / grid.scales()[n] - 1));
      }
      return worst;
    }
  }

  @ParameterizedTest
  @EnumSource(HalfFormat.class)
  void staticScalesLoseNothingOnTheNpu(HalfFormat type) throws IOException {
    ElementType modelType = type == HalfFormat.BF16 ? ElementType.BF16 : ElementType.F16;
    Path plain = export(modelType, LinearType.W8A8, false).folder();
    ExportReport report = export(modelType, LinearType.W8A8, true);
    double limit = type == HalfFormat.BF16 ? 1e-7 : 0x1p-11;

    assertThat(error(plain, type)).isGreaterThan(3e-4);
    assertThat(error(report.folder(), type)).isLessThanOrEqualTo(limit * 1.001);
    assertThat(report.notes())
        .anyMatch(note -> note.contains("Scales were rounded to what the NPU makes of them"))
        .noneMatch(note -> note.contains("when loaded") || note.contains("hardware reads 19 bits"));
    try (Checkpoint stored = SafetensorsCheckpoint.open(report.folder(), "quant_model_weights")) {
      float scale = values(stored, ".input_scale")[0];
      assertThat(type.round(scale)).isEqualTo(scale);
      StoredTensor patterns = stored.get(QUERY + ".deq_scale");
      if (patterns.type() == ElementType.I64) {
        for (long pattern : StoredIntegers.longs(patterns, 64)) {
          assertThat(pattern & 0x1FFF).isZero();
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = LinearType.class,
      names = {"W8A8_DYNAMIC", "W8A16"})
  void weightScalesAreThoseThatLoadersKeep(LinearType type) throws IOException {
    Path exported = export(ElementType.BF16, type, true).folder();
    GridLinear grid = (GridLinear) SampleLayers.layer(type, QUERY).linear();
    try (ModelFolder opened = new ModelSlimReader().read(exported)) {
      GridLinear read = (GridLinear) opened.quantized().orElseThrow().linears().get(QUERY);
      assertThat(read.codes()).isEqualTo(grid.codes());
      for (int n = 0; n < 64; n++) {
        assertThat(read.scales()[n]).isEqualTo(HalfFormat.BF16.round(grid.scales()[n]));
      }
    }
  }

  /** What is evaluated before the export is what is evaluated of the file. */
  @Test
  void theEmulationOfTheSourceIsThatOfTheFile() throws IOException {
    for (LinearType type : List.of(LinearType.W8A8, LinearType.W8A8_DYNAMIC, LinearType.W8A16)) {
      Path plain = export(ElementType.BF16, type, false).folder();
      Path rounded = export(ElementType.BF16, type, true).folder();
      assertThat(logits(rounded)).as(type.name()).isEqualTo(logits(plain));
    }
  }

  private static float[] logits(Path exported) {
    try (ModelFolder opened = new ModelSlimReader().read(exported);
        TransformerModel model =
            opened.load(Precision.BF16, Execution.ASCEND_910B_ROUNDED_SCALES, 1);
        TensorScope _ = TensorScope.open()) {
      return model.logits(PROMPT).toFloats();
    }
  }
}
