package org.bitatlas.quant.rounding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.quant.Golden;
import org.junit.jupiter.api.DynamicTest;
import tools.jackson.databind.JsonNode;

/** What the golden tests of single layers share: finding cases, statistics, comparisons. */
final class LayerCase {

  private LayerCase() {}

  /** A check of one case. */
  interface Check {
    void run(Path layer, Path json) throws IOException;
  }

  /** A test per layer folder, and one per case in it. */
  static List<DynamicTest> tests(String family, Check layerCheck, Check caseCheck)
      throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (Path layer : Golden.list(Golden.folder(family), "")) {
      if (!layer.resolve("inputs.safetensors").toFile().exists()) {
        continue;
      }
      String name = layer.getFileName().toString();
      Path description = layer.resolve("inputs.json");
      tests.add(
          DynamicTest.dynamicTest(name + " inputs", () -> layerCheck.run(layer, description)));
      for (Path json : Golden.list(layer, ".json")) {
        if (!json.equals(description)) {
          tests.add(
              DynamicTest.dynamicTest(
                  name + " " + json.getFileName(), () -> caseCheck.run(layer, json)));
        }
      }
    }
    return tests;
  }

  /** The tensors that belong to a case's description. */
  static Path tensors(Path json) {
    return json.resolveSibling(json.getFileName().toString().replace(".json", ".safetensors"));
  }

  /** H = 2 / sequences * sum over tokens of x x^T. */
  static double[] hessian(Checkpoint inputs) {
    float[] x = Golden.floats(inputs, "X");
    return product(inputs, x, x);
  }

  /** D = 2 / sequences * sum over tokens of (x_float - x) x^T. */
  static double[] drift(Checkpoint inputs) {
    float[] x = Golden.floats(inputs, "X");
    float[] difference = Golden.floats(inputs, "X_fp");
    for (int i = 0; i < x.length; i++) {
      difference[i] -= x[i];
    }
    return product(inputs, difference, x);
  }

  private static double[] product(Checkpoint inputs, float[] left, float[] right) {
    int sequences = Golden.size(inputs, "X", 0);
    int tokens = Golden.size(inputs, "X", 1);
    int size = Golden.size(inputs, "X", 2);
    double[] sum = new double[size * size];
    for (int token = 0; token < sequences * tokens; token++) {
      int at = token * size;
      for (int i = 0; i < size; i++) {
        double value = 2.0 / sequences * left[at + i];
        for (int j = 0; j < size; j++) {
          sum[i * size + j] += value * right[at + j];
        }
      }
    }
    return sum;
  }

  /** Compares a statistic with the parts of it that are stored; returns how many values. */
  static int checkStatistic(
      Checkpoint inputs, String tensor, double[] found, int size, double tolerance) {
    double greatest = 0;
    for (double value : found) {
      greatest = Math.max(greatest, Math.abs(value));
    }
    int compared = 0;
    for (String part : List.of("", ".diag", ".rows_0_16")) {
      String name = tensor + part;
      if (inputs.find(name).isEmpty()) {
        continue;
      }
      float[] expected = Golden.floats(inputs, name);
      int stride = part.equals(".diag") ? size + 1 : 1;
      for (int i = 0; i < expected.length; i++) {
        assertThat(found[i * stride])
            .as("%s element %d", name, i)
            .isCloseTo(expected[i], within(tolerance * greatest));
      }
      compared += expected.length;
    }
    return compared;
  }

  /**
   * Compares dequantized weights; a weight differs above 1e-3 times its row's largest. In rows
   * without such a weight all are as close as the case says.
   *
   * @return for each row, whether it has a weight that differs
   */
  static boolean[] checkWeights(float[] found, float[] expected, int columns, JsonNode tolerances) {
    double allowed = tolerances.path("max_fraction_of_weights_differing").doubleValue();
    double close = tolerances.path("else_max_abs_rel_to_row_max").asDouble(1e-3);
    boolean[] differs = new boolean[expected.length / columns];
    int differing = 0;
    for (int row = 0; row < differs.length; row++) {
      float greatest = 0;
      for (int k = 0; k < columns; k++) {
        greatest = Math.max(greatest, Math.abs(expected[row * columns + k]));
      }
      double farthest = 0;
      int inRow = 0;
      for (int k = 0; k < columns; k++) {
        double difference = Math.abs(found[row * columns + k] - expected[row * columns + k]);
        farthest = Math.max(farthest, difference);
        inRow += difference <= 1e-3 * greatest ? 0 : 1;
      }
      differs[row] = inRow > 0;
      differing += inRow;
      if (!differs[row]) {
        assertThat(farthest).as("row %d", row).isLessThanOrEqualTo(close * greatest);
      }
    }
    assertThat((double) differing / expected.length)
        .as("fraction of weights that differ")
        .isLessThanOrEqualTo(allowed);
    return differs;
  }

  /** Compares an error with the golden one, relative to it. */
  static void checkError(String name, double found, JsonNode values, JsonNode tolerances) {
    double expected = values.path(name).doubleValue();
    double tolerance = tolerances.path("rel_output_error_max_relative_change").doubleValue();
    assertThat(found).as(name).isCloseTo(expected, within(expected * tolerance));
  }

  /** |A W^T - X Q^T| / |A W^T| over all tokens, A the inputs of the target. */
  static double outputError(
      float[] weight, float[] targetInputs, float[] quantized, float[] inputs, int columns) {
    int rows = weight.length / columns;
    double error = 0;
    double total = 0;
    for (int at = 0; at < inputs.length; at += columns) {
      for (int row = 0; row < rows; row++) {
        double target = 0;
        double found = 0;
        for (int k = 0; k < columns; k++) {
          target += (double) targetInputs[at + k] * weight[row * columns + k];
          found += (double) inputs[at + k] * quantized[row * columns + k];
        }
        error += (target - found) * (target - found);
        total += target * target;
      }
    }
    return Math.sqrt(error / total);
  }
}
