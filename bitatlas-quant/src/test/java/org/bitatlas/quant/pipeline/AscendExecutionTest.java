package org.bitatlas.quant.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.bitatlas.kernel.AscendLinears;
import org.bitatlas.model.Execution;
import org.bitatlas.model.ModelFolder;
import org.bitatlas.model.NumericsComparison;
import org.bitatlas.model.Precision;
import org.bitatlas.model.TransformerModel;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The embedded model as an Ascend 910B computes it, beside integer execution here. */
class AscendExecutionTest {

  private static final int LENGTH = 48;

  private static NanoCalibration nano;

  @BeforeAll
  static void open(@TempDir Path cache) {
    nano = NanoCalibration.openSmall(cache, 8);
  }

  @AfterAll
  static void close() {
    nano.close();
  }

  /**
   * A recipe, what it is executed as, and the largest relative error that an emulated layer adds to
   * that of integers here.
   */
  record Case(String scheme, double added, Map<String, Object> recipe) {
    @Override
    public String toString() {
      return scheme;
    }
  }

  static List<Case> cases() {
    return List.of(
        new Case(
            "W8A8",
            0.006,
            Map.of(
                "method",
                "rtn",
                "bits",
                8,
                "sym",
                true,
                "a_bits",
                8,
                "a_granularity",
                "static-tensor")),
        new Case(
            "W8A8_DYNAMIC", 0.004, Map.of("method", "rtn", "bits", 8, "sym", true, "a_bits", 8)),
        new Case("W8A16", 0.005, Map.of("method", "rtn", "bits", 8)),
        new Case("W4A16", 0.005, Map.of("method", "rtn", "bits", 4, "group_size", 32)),
        new Case(
            "W4A4_DYNAMIC", 0.01, Map.of("method", "rtn", "bits", 4, "sym", true, "a_bits", 4)));
  }

  private static QuantizedCheckpoint quantize(Map<String, Object> recipe) {
    return QuantizationPipeline.quantize(
            nano.source(),
            Recipe.parse(new LinkedHashMap<>(recipe)),
            Optional.of(nano.calibration()),
            2,
            progress -> {})
        .checkpoint();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void everyLayerIsAsFarFromExactAsHereAndLittleMore(Case each) {
    QuantizedCheckpoint quantized = quantize(each.recipe());
    ModelFolder folder =
        new ModelFolder(
            nano.folder(), nano.architecture(), nano.checkpoint(), Optional.of(quantized));
    int[] ids = Arrays.copyOf(nano.calibration().sequences().getFirst(), LENGTH);
    try (NumericsComparison comparison =
        NumericsComparison.load(folder, Execution.ASCEND_910B, Precision.FP32, 2)) {
      NumericsComparison.Result result = comparison.compare(List.of(ids), Optional.empty());
      assertThat(result.positions()).isEqualTo(LENGTH);
      assertThat(result.layers())
          .hasSize(nano.architecture().layers() * 7)
          .allMatch(layer -> layer.scheme().equals(each.scheme()))
          .allSatisfy(layer -> {
            assertThat(layer.theirs()).isLessThan(Math.hypot(layer.ours(), each.added()) * 1.1);
            assertThat(layer.apart()).isBetween(1e-4, 3 * layer.ours() + each.added());
          });
      System.out.printf(
          Locale.ROOT,
          "%-14s KL %.1e, same token %.3f, largest error %.4f here %.4f there%n",
          each,
          result.divergence(),
          result.agreement(),
          result.layers().stream().mapToDouble(NumericsComparison.Layer::ours).max().orElse(0),
          result.layers().stream().mapToDouble(NumericsComparison.Layer::theirs).max().orElse(0));
    }
    assertThat(logits(quantized, ids, 1)).isEqualTo(logits(quantized, ids, 3));
  }

  private static float[] logits(QuantizedCheckpoint quantized, int[] ids, int threads) {
    try (TransformerModel model = load(quantized, Precision.BF16, threads);
        TensorScope _ = TensorScope.open()) {
      assertThat(model.execution()).contains(AscendLinears.LABEL);
      return model.logits(new int[][] {ids}).toFloats();
    }
  }

  private static TransformerModel load(
      QuantizedCheckpoint quantized, Precision precision, int threads) {
    return TransformerModel.load(
        nano.architecture(),
        nano.checkpoint(),
        quantized,
        precision,
        Execution.ASCEND_910B,
        threads);
  }

  @Test
  void whatHasNoFormThereIsRefusedBeforeAnythingIsLoaded() {
    QuantizedCheckpoint cached =
        quantize(Map.of("method", "rtn", "bits", 8, "sym", true, "a_bits", 8, "kv_bits", 8));
    assertThatThrownBy(() -> load(cached, Precision.BF16, 1))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("C8 cache has static scales per channel");
    QuantizedCheckpoint asymmetric =
        quantize(Map.of("method", "rtn", "bits", 8, "sym", false, "a_bits", 8));
    assertThatThrownBy(() -> load(asymmetric, Precision.BF16, 1))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("symmetric weights");
    assertThatThrownBy(() -> load(asymmetric, Precision.FP32, 1))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("activations in bf16, not fp32");
  }
}
