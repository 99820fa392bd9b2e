package org.bitatlas.quant.rounding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.quant.Golden;
import org.bitatlas.quant.method.Grid;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.Rounding.Gptq;
import org.bitatlas.quant.method.WeightScheme;
import org.bitatlas.quant.rounding.ColumnSweep.Rounded;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

/** The sweep against IST-DASLab/gptq on single layers. */
class GptqGoldenTest {

  @TestFactory
  List<DynamicTest> sweepGivesTheReferenceWeights() throws IOException {
    return LayerCase.tests("gptq", GptqGoldenTest::checkHessian, GptqGoldenTest::check);
  }

  private static void checkHessian(Path layer, Path json) throws IOException {
    JsonNode tolerances = Golden.json(json).path("tolerances");
    try (Checkpoint inputs = SafetensorsCheckpoint.open(LayerCase.tensors(json))) {
      int compared =
          LayerCase.checkStatistic(
              inputs,
              "H_before_damping",
              LayerCase.hessian(inputs),
              Golden.size(inputs, "X", 2),
              tolerances.path("H_max_abs_relative_to_max").doubleValue());
      assertThat(compared).isPositive();
    }
  }

  private static void check(Path layer, Path json) throws IOException {
    JsonNode description = Golden.json(json);
    String name = json.getFileName().toString().replace(".json", "");
    Recipe recipe = recipe(description.path("options"));
    Gptq options = (Gptq) recipe.rounding();
    try (Checkpoint inputs = SafetensorsCheckpoint.open(layer.resolve("inputs.safetensors"));
        Checkpoint expected = SafetensorsCheckpoint.open(layer.resolve(name + ".safetensors"));
        Tiles tiles = new Tiles(2)) {
      float[] weight = Golden.floats(inputs, "W");
      int rows = Golden.size(inputs, "W", 0);
      int columns = Golden.size(inputs, "W", 1);
      double[] hessian = LayerCase.hessian(inputs);
      InverseFactor factor =
          InverseFactor.of(hessian, columns, options.damping(), options.actOrder(), name, tiles)
              .orElseThrow();
      assertThat(factor.damping()).isEqualTo(options.damping());
      if (expected.find("perm").isPresent()) {
        checkOrder(factor, hessian, Golden.floats(expected, "perm"));
      }
      Rounded rounded =
          ColumnSweep.round(weight, rows, columns, recipe, Optional.of(factor), tiles);
      float[] quantized = rounded.linear().dequantize();
      JsonNode tolerances = description.path("tolerances");
      LayerCase.checkWeights(quantized, Golden.floats(expected, "Q"), columns, tolerances);
      JsonNode values = description.path("expected");
      double loss = values.path("error_total_printed").doubleValue();
      assertThat(rounded.loss())
          .as("error total")
          .isCloseTo(loss, within(loss * tolerances.path("error_total_rel").doubleValue()));
      float[] x = Golden.floats(inputs, "X");
      LayerCase.checkError(
          "rel_output_error",
          LayerCase.outputError(weight, x, quantized, x, columns),
          values,
          tolerances);
    }
  }

  private static Recipe recipe(JsonNode options) {
    boolean symmetric = options.path("sym").booleanValue();
    return Recipe.of(
            new WeightScheme(
                options.path("bits").intValue(),
                Math.max(0, options.path("groupsize").intValue()),
                symmetric ? Grid.GPTQ_SYMMETRIC : Grid.GPTQ_ASYMMETRIC,
                options.path("mse").booleanValue()),
            new Gptq(
                options.path("percdamp").doubleValue(),
                options.path("blocksize").intValue(),
                options.path("act_order").booleanValue(),
                options.path("static_groups").booleanValue(),
                false))
        .withQuirks(true);
  }

  /** Columns with diagonals equal to fp32 accuracy may swap: torch's sort is not stable. */
  private static void checkOrder(InverseFactor factor, double[] hessian, float[] expected) {
    int size = factor.size();
    for (int position = 0; position < size; position++) {
      int ours = factor.order()[position];
      int theirs = (int) expected[position];
      double diagonal = factor.dead()[ours] ? 1 : hessian[ours * (size + 1)];
      double other = factor.dead()[theirs] ? 1 : hessian[theirs * (size + 1)];
      assertThat(diagonal).as("position %d", position).isCloseTo(other, within(1e-5 * other));
    }
  }
}
