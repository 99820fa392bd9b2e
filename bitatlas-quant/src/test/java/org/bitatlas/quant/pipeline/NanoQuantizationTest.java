package org.bitatlas.quant.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.ArchitectureReader;
import org.bitatlas.model.Precision;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.quant.calibration.CalibrationSet;
import org.bitatlas.quant.method.Grid;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.pipeline.QuantizationPipeline.Source;
import org.bitatlas.scheme.ModelSize;
import org.bitatlas.scheme.QuantizedCheckpointFolder;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** RTN and GPTQ on the embedded model, calibrated on its own samples. */
class NanoQuantizationTest {

  private static NanoCalibration nano;
  private static Path folder;
  private static Checkpoint checkpoint;
  private static Architecture architecture;
  private static CalibrationSet calibration;

  @BeforeAll
  static void open(@TempDir Path cache) {
    nano = NanoCalibration.openSmall(cache, 32);
    folder = nano.folder();
    checkpoint = nano.checkpoint();
    architecture = nano.architecture();
    calibration = nano.calibration();
  }

  @AfterAll
  static void close() {
    nano.close();
  }

  private static Source source() {
    return nano.source();
  }

  private static QuantizationResult quantize(
      Recipe recipe, Optional<CalibrationSet> set, int threads) {
    return QuantizationPipeline.quantize(source(), recipe, set, threads, progress -> {});
  }

  private static QuantizationResult quantize(Recipe recipe, int threads) {
    return quantize(recipe, Optional.of(calibration), threads);
  }

  @Test
  void fewerBitsGiveGreaterErrors() {
    double previous = 0;
    for (int bits : new int[] {8, 6, 4, 3, 2}) {
      Recipe recipe = Recipe.rtn(bits, 0, Grid.QUAROT_SYMMETRIC);
      double error = meanWeightError(quantize(recipe, Optional.empty(), 2));
      assertThat(error).isGreaterThan(2 * previous);
      previous = error;
    }
  }

  private static double meanWeightError(QuantizationResult result) {
    return result.layerErrors().stream()
        .mapToDouble(LayerError::weightError)
        .average()
        .orElseThrow();
  }

  private static double meanOutputError(QuantizationResult result) {
    return result.layerErrors().stream()
        .mapToDouble(LayerError::outputError)
        .average()
        .orElseThrow();
  }

  @Test
  void gptqChangesOutputsLessThanRoundToNearestAtThreeBits() {
    QuantizationResult nearest = quantize(Recipe.rtn(3, 0), 2);
    QuantizationResult gptq = quantize(Recipe.gptq(3, 0), 2);
    int layers = nearest.layerErrors().size();
    assertThat(layers).isEqualTo(7 * architecture.layers());
    int better = 0;
    for (int i = 0; i < layers; i++) {
      double ours = gptq.layerErrors().get(i).outputError();
      better += ours <= nearest.layerErrors().get(i).outputError() ? 1 : 0;
    }

    assertThat(better).isGreaterThanOrEqualTo((int) Math.ceil(0.95 * layers));
    assertThat(meanOutputError(gptq)).isLessThan(0.6 * meanOutputError(nearest));
    assertThat(gptq.notes()).isEmpty();
  }

  @Test
  void theResultDoesNotDependOnTheNumberOfThreads() {
    Recipe recipe = Recipe.gptq(3, 64);
    QuantizationResult one = quantize(recipe, 1);
    QuantizationResult three = quantize(recipe, 3);

    assertThat(three).isEqualTo(one);
  }

  @Test
  void aWrittenCheckpointRunsLikeTheQuantizedModel(@TempDir Path target) {
    QuantizationResult result = quantize(Recipe.gptq(4, 32), 2);
    try (TransformerModel model =
        TransformerModel.load(architecture, checkpoint, result.checkpoint(), Precision.FP32)) {
      Path written = target.resolve("nano-gptq-w4");
      QuantizedCheckpointFolder.write(result.checkpoint(), checkpoint, folder, written);
      try (QuantizedCheckpointFolder.Opened opened = QuantizedCheckpointFolder.open(written);
          TransformerModel reloaded =
              TransformerModel.load(
                  ArchitectureReader.read(written.resolve("config.json")),
                  opened.floatParts(),
                  opened.quantized(),
                  Precision.FP32)) {
        assertThat(opened.quantized()).isEqualTo(result.checkpoint());
        assertThat(logits(reloaded)).isEqualTo(logits(model));
        ModelSize size = ModelSize.ofQuantized(opened.quantized(), opened.floatParts(), true);
        // 4 bits, and 32 + 8 bits of scale and zero point per group of 32
        assertThat(size.storedBitsPerWeight()).isEqualTo(4 + 40.0 / 32);
      }
    }
  }

  private static float[] logits(TransformerModel model) {
    try (TensorScope _ = TensorScope.open()) {
      return model.logits(new int[][] {calibration.sequences().getFirst()}).toFloats();
    }
  }

  @Test
  void roundToNearestNeedsNoCalibration() {
    QuantizationResult without = quantize(Recipe.rtn(4, 0), Optional.empty(), 2);
    QuantizationResult with = quantize(Recipe.rtn(4, 0), 2);

    assertThat(without.checkpoint().linears()).isEqualTo(with.checkpoint().linears());
    assertThat(without.layerErrors()).allMatch(error -> Double.isNaN(error.outputError()));
    assertThat(with.layerErrors()).allMatch(error -> error.outputError() > 0);
  }

  @Test
  void gptqWithoutCalibrationIsRefused() {
    assertThatThrownBy(() -> quantize(Recipe.gptq(4, 0), Optional.empty(), 1))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("GPTQ W4 needs calibration data");
  }

  @Test
  void anInterruptEndsTheWork() {
    List<QuantizationProgress> seen = new ArrayList<>();
    assertThatThrownBy(() ->
            QuantizationPipeline.quantize(
                source(),
                Recipe.gptq(4, 0),
                Optional.of(calibration),
                2,
                progress -> {
                  seen.add(progress);
                  Thread.currentThread().interrupt();
                }))
        .isInstanceOf(CancellationException.class);
    assertThat(Thread.interrupted()).isTrue();
    assertThat(seen).hasSize(1);
    assertThat(seen.getFirst().total()).isEqualTo(42);
  }
}
