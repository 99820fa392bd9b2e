package org.bitatlas.quant.rounding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.quant.Golden;
import org.bitatlas.quant.method.Grid;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.Rounding.Billm;
import org.bitatlas.quant.method.Rounding.SalientMetric;
import org.bitatlas.quant.method.WeightScheme;
import org.bitatlas.quant.rounding.BlockBinarization.Binarized;
import org.bitatlas.quant.rounding.BlockBinarization.Block;
import org.bitatlas.scheme.BinaryLinear;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

/** Binarization against the BiLLM repository on single layers. */
class BillmGoldenTest {

  @TestFactory
  List<DynamicTest> binarizationGivesTheReferenceMasksAndWeights() throws IOException {
    List<DynamicTest> tests =
        new ArrayList<>(LayerCase.tests("billm", (layer, json) -> {}, BillmGoldenTest::checkLayer));
    for (Path json : Golden.list(Golden.folder("billm"), ".json")) {
      tests.add(DynamicTest.dynamicTest(json.getFileName().toString(), () -> checkResidual(json)));
    }
    return tests;
  }

  private static void checkLayer(Path layer, Path json) throws IOException {
    JsonNode description = Golden.json(json);
    JsonNode options = description.path("options");
    JsonNode tolerances = description.path("tolerances");
    Recipe recipe = recipe(options);
    try (Checkpoint inputs = SafetensorsCheckpoint.open(layer.resolve("inputs.safetensors"));
        Checkpoint expected = SafetensorsCheckpoint.open(LayerCase.tensors(json));
        Tiles tiles = new Tiles(2)) {
      float[] weight = Golden.floats(inputs, "W");
      int rows = Golden.size(inputs, "W", 0);
      int columns = Golden.size(inputs, "W", 1);
      double damping = options.path("percdamp").doubleValue();
      InverseFactor factor =
          InverseFactor.of(LayerCase.hessian(inputs), columns, damping, false, "layer", tiles)
              .orElseThrow();
      Binarized binarized =
          BlockBinarization.round(
              weight,
              rows,
              columns,
              recipe,
              Optional.of(factor),
              !options.path("disable_gptq").booleanValue(),
              tiles);
      float[] quantized = binarized.linear().dequantize();

      LayerCase.checkWeights(quantized, Golden.floats(expected, "Q"), columns, tolerances);
      checkMasks(binarized.linear(), Golden.floats(expected, "mask"), tolerances);
      checkBlocks(binarized.blocks(), description.path("expected"), tolerances);
      float[] x = Golden.floats(inputs, "X");
      LayerCase.checkError(
          "rel_output_error",
          LayerCase.outputError(weight, x, quantized, x, columns),
          description.path("expected"),
          tolerances);
    }
  }

  private static void checkMasks(BinaryLinear linear, float[] expected, JsonNode tolerances) {
    int differing = 0;
    for (int i = 0; i < expected.length; i++) {
      int k = i % linear.inputFeatures();
      int group = linear.secondGroup(i / linear.inputFeatures(), k) ? 2 : 1;
      differing += (linear.salient(k) ? 3 : group) == (int) expected[i] ? 0 : 1;
    }
    assertThat((double) differing / expected.length)
        .as("fraction of masks that differ")
        .isLessThanOrEqualTo(tolerances.path("mask_fraction_differing").doubleValue());
  }

  private static void checkBlocks(List<Block> found, JsonNode expected, JsonNode tolerances) {
    JsonNode blocks = expected.path("per_block");
    assertThat(found).hasSize(blocks.size());
    for (int block = 0; block < found.size(); block++) {
      JsonNode golden = blocks.path(block);
      assertThat(found.get(block).salientColumns())
          .as("salient columns of block %d", block)
          .isEqualTo(golden.path("salient_columns").intValue());
      double split = golden.path("split_value").doubleValue();
      double tolerance = tolerances.path("split_value_rel").doubleValue();
      assertThat(found.get(block).split())
          .as("split of block %d", block)
          .isCloseTo(split, within(tolerance * split));
    }
  }

  private static Recipe recipe(JsonNode options) {
    assertThat(options.path("up_lim").intValue()).isEqualTo(50);
    SalientMetric metric =
        Arrays.stream(SalientMetric.values())
            .filter(value -> value.id().equals(options.path("salient_metric").stringValue()))
            .findFirst()
            .orElseThrow();
    return Recipe.of(
            WeightScheme.of(1, 0, Grid.GPTQ_ASYMMETRIC),
            new Billm(
                options.path("percdamp").doubleValue(),
                options.path("blocksize").intValue(),
                metric))
        .withQuirks(true);
  }

  /** Terms of masked entries, one and two deep. */
  private static void checkResidual(Path json) throws IOException {
    double tolerance = Golden.json(json).path("tolerances").path("abs").doubleValue();
    try (Checkpoint golden = SafetensorsCheckpoint.open(LayerCase.tensors(json))) {
      float[] x = Golden.floats(golden, "x");
      float[] mask = Golden.floats(golden, "mask");
      int width = Golden.size(golden, "x", 1);
      for (int order = 1; order <= 2; order++) {
        float[] expected = Golden.floats(golden, "order" + order);
        for (int row = 0; row < x.length / width; row++) {
          float[] rest = Arrays.copyOfRange(x, row * width, (row + 1) * width);
          boolean[] masked = new boolean[width];
          for (int k = 0; k < width; k++) {
            masked[k] = mask[row * width + k] != 0;
          }
          for (int depth = 0; depth < order; depth++) {
            BinaryTerm.fit(rest, masked).subtract(rest, masked, new boolean[width], 0);
          }
          for (int k = 0; k < width; k++) {
            float found = masked[k] ? x[row * width + k] - rest[k] : 0;
            assertThat(found)
                .as("order %d, row %d, column %d", order, row, k)
                .isCloseTo(expected[row * width + k], within((float) tolerance));
          }
        }
      }
    }
  }
}
