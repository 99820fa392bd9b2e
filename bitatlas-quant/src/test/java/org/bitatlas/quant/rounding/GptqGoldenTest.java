package org.bitatlas.quant.rounding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
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
    List<DynamicTest> tests = new ArrayList<>();
    for (Path layer : Golden.list(Golden.folder("gptq"), "")) {
      if (!layer.resolve("inputs.safetensors").toFile().exists()) {
        continue;
      }
      tests.add(DynamicTest.dynamicTest(layer.getFileName() + " H", () -> checkHessian(layer)));
      for (Path json : Golden.list(layer, ".json")) {
        if (!json.endsWith("inputs.json")) {
          tests.add(
              DynamicTest.dynamicTest(
                  layer.getFileName() + " " + json.getFileName(), () -> check(layer, json)));
        }
      }
    }
    return tests;
  }

  private static void checkHessian(Path layer) throws IOException {
    double tolerance =
        Golden.json(layer.resolve("inputs.json"))
            .path("tolerances")
            .path("H_max_abs_relative_to_max")
            .doubleValue();
    try (Checkpoint inputs = SafetensorsCheckpoint.open(layer.resolve("inputs.safetensors"))) {
      double[] hessian = hessian(inputs);
      int size = Golden.size(inputs, "X", 2);
      double greatest = 0;
      for (double value : hessian) {
        greatest = Math.max(greatest, Math.abs(value));
      }
      int compared = 0;
      for (String name : List.of("", ".diag", ".rows_0_16")) {
        String tensor = "H_before_damping" + name;
        if (inputs.find(tensor).isEmpty()) {
          continue;
        }
        float[] expected = Golden.floats(inputs, tensor);
        int stride = name.equals(".diag") ? size + 1 : 1;
        for (int i = 0; i < expected.length; i++) {
          assertThat(hessian[i * stride])
              .as("%s element %d", tensor, i)
              .isCloseTo(expected[i], within(tolerance * greatest));
        }
        compared += expected.length;
      }
      assertThat(compared).isPositive();
    }
  }

  /** H = 2 / sequences * sum x x^T. */
  private static double[] hessian(Checkpoint inputs) {
    int sequences = Golden.size(inputs, "X", 0);
    int tokens = Golden.size(inputs, "X", 1);
    int size = Golden.size(inputs, "X", 2);
    float[] x = Golden.floats(inputs, "X");
    double[] hessian = new double[size * size];
    for (int token = 0; token < sequences * tokens; token++) {
      int at = token * size;
      for (int i = 0; i < size; i++) {
        double value = 2.0 / sequences * x[at + i];
        for (int j = 0; j < size; j++) {
          hessian[i * size + j] += value * x[at + j];
        }
      }
    }
    return hessian;
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
      double[] hessian = hessian(inputs);
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
      assertThat(fractionDiffering(quantized, Golden.floats(expected, "Q"), columns))
          .as("fraction of weights that differ")
          .isLessThanOrEqualTo(tolerances.path("max_fraction_of_weights_differing").doubleValue());
      JsonNode values = description.path("expected");
      double loss = values.path("error_total_printed").doubleValue();
      assertThat(rounded.loss())
          .as("error total")
          .isCloseTo(loss, within(loss * tolerances.path("error_total_rel").doubleValue()));
      double outputError = values.path("rel_output_error").doubleValue();
      double tolerance = tolerances.path("rel_output_error_max_relative_change").doubleValue();
      assertThat(relativeOutputError(weight, quantized, hessian, rows, columns))
          .as("relative output error")
          .isCloseTo(outputError, within(outputError * tolerance));
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

  private static double fractionDiffering(float[] found, float[] expected, int columns) {
    int differing = 0;
    for (int row = 0; row < expected.length / columns; row++) {
      float greatest = 0;
      for (int k = 0; k < columns; k++) {
        greatest = Math.max(greatest, Math.abs(expected[row * columns + k]));
      }
      for (int k = 0; k < columns; k++) {
        int at = row * columns + k;
        if (!(Math.abs(found[at] - expected[at]) <= 1e-3 * greatest)) {
          differing++;
        }
      }
    }
    return (double) differing / expected.length;
  }

  /** |(W - Q) X|^2 / |W X|^2 from the Gram matrix, as a norm. */
  private static double relativeOutputError(
      float[] weight, float[] quantized, double[] hessian, int rows, int columns) {
    double error = 0;
    double reference = 0;
    double[] difference = new double[columns];
    double[] row = new double[columns];
    for (int n = 0; n < rows; n++) {
      for (int k = 0; k < columns; k++) {
        row[k] = weight[n * columns + k];
        difference[k] = row[k] - quantized[n * columns + k];
      }
      error += quadratic(difference, hessian);
      reference += quadratic(row, hessian);
    }
    return Math.sqrt(error / reference);
  }

  private static double quadratic(double[] vector, double[] matrix) {
    double sum = 0;
    for (int i = 0; i < vector.length; i++) {
      double product = 0;
      for (int j = 0; j < vector.length; j++) {
        product += matrix[i * vector.length + j] * vector[j];
      }
      sum += vector[i] * product;
    }
    return sum;
  }
}
