package org.bitatlas.quant.rounding;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.quant.Golden;
import org.bitatlas.quant.method.Grid;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.Rounding.Gptaq;
import org.bitatlas.quant.method.Rounding.Gptq;
import org.bitatlas.quant.method.WeightScheme;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

/** The corrected sweep against the GPTAQ repository on single layers. */
class GptaqGoldenTest {

  /** Layers of a chain, in the order in which the reference rounds them. */
  private static final List<String> CHAIN = List.of("k", "v", "q");

  @TestFactory
  List<DynamicTest> correctedSweepGivesTheReferenceWeights() throws IOException {
    return LayerCase.tests("gptaq", GptaqGoldenTest::checkStatistics, GptaqGoldenTest::check);
  }

  private static void checkStatistics(Path layer, Path json) throws IOException {
    JsonNode tolerances = Golden.json(json).path("tolerances");
    if (tolerances.isMissingNode()) {
      return; // a chain stores no statistics
    }
    try (Checkpoint inputs = SafetensorsCheckpoint.open(LayerCase.tensors(json))) {
      int size = Golden.size(inputs, "X", 2);
      int compared =
          LayerCase.checkStatistic(
              inputs,
              "H_before_damping",
              LayerCase.hessian(inputs),
              size,
              tolerances.path("H_max_abs_relative_to_max").doubleValue());
      compared +=
          LayerCase.checkStatistic(
              inputs,
              "dXXT",
              LayerCase.drift(inputs),
              size,
              tolerances.path("dXXT_max_abs_relative_to_max").doubleValue());
      assertThat(compared).isPositive();
    }
  }

  private static void check(Path layer, Path json) throws IOException {
    JsonNode description = Golden.json(json);
    try (Checkpoint inputs = SafetensorsCheckpoint.open(layer.resolve("inputs.safetensors"));
        Checkpoint expected = SafetensorsCheckpoint.open(LayerCase.tensors(json));
        Tiles tiles = new Tiles(2)) {
      if (expected.find("Q").isPresent()) {
        float[] weight = Golden.floats(inputs, "W");
        float[] target = Golden.floats(expected, "Q");
        checkLayer(description, inputs, weight, target, 0, description.path("expected"), tiles);
        return;
      }
      for (int member = 0; member < CHAIN.size(); member++) {
        String name = CHAIN.get(member);
        float[] weight = Golden.floats(expected, "W_" + name);
        float[] target = Golden.floats(expected, "Q_" + name);
        JsonNode values = description.path("expected").path(name);
        checkLayer(description, inputs, weight, target, member, values, tiles);
      }
    }
  }

  private static void checkLayer(
      JsonNode description,
      Checkpoint inputs,
      float[] weight,
      float[] expected,
      int member,
      JsonNode values,
      Tiles tiles) {
    Recipe recipe = recipe(description.path("options"));
    Gptaq options = (Gptaq) recipe.rounding();
    int columns = Golden.size(inputs, "X", 2);
    InverseFactor factor =
        InverseFactor.ofSharedHessian(
                LayerCase.hessian(inputs),
                columns,
                options.sweep().damping(),
                member,
                options.sweep().actOrder(),
                "layer",
                tiles)
            .orElseThrow();
    DriftCorrection correction =
        DriftCorrection.of(LayerCase.drift(inputs), factor, options.alpha(), tiles);
    float[] quantized =
        ColumnSweep.round(
                weight,
                weight.length / columns,
                columns,
                recipe,
                Optional.of(factor),
                Optional.of(correction),
                tiles)
            .linear()
            .dequantize();
    JsonNode tolerances = description.path("tolerances");
    LayerCase.checkWeights(quantized, expected, columns, tolerances);
    float[] x = Golden.floats(inputs, "X");
    LayerCase.checkError(
        "rel_output_error",
        LayerCase.outputError(weight, x, quantized, x, columns),
        values,
        tolerances);
    if (values.has("rel_asym_error")) {
      float[] target = Golden.floats(inputs, "X_fp");
      LayerCase.checkError(
          "rel_asym_error",
          LayerCase.outputError(weight, target, quantized, x, columns),
          values,
          tolerances);
    }
  }

  private static Recipe recipe(JsonNode options) {
    boolean symmetric = options.path("sym").booleanValue();
    Gptq sweep =
        new Gptq(
            options.path("percdamp").doubleValue(),
            options.path("blocksize").intValue(),
            options.path("act_order").booleanValue(),
            options.path("static_groups").booleanValue(),
            true);
    return Recipe.of(
            new WeightScheme(
                options.path("bits").intValue(),
                Math.max(0, options.path("groupsize").intValue()),
                symmetric ? Grid.QUAROT_SYMMETRIC : Grid.QUAROT_ASYMMETRIC,
                options.path("mse").booleanValue()),
            new Gptaq(sweep, options.path("alpha").doubleValue()))
        .withQuirks(true);
  }
}
