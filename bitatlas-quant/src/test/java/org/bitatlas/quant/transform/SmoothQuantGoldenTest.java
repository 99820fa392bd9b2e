package org.bitatlas.quant.transform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.model.ActivationRounding;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.InputGroup;
import org.bitatlas.quant.Golden;
import org.bitatlas.quant.rounding.Tiles;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.ActivationQuantizer.Strategy;
import org.bitatlas.scheme.FloatTensor;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.scheme.StoredLinear;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

/** Smoothing and its simulated W8A8 execution against mit-han-lab/smoothquant. */
class SmoothQuantGoldenTest {

  @TestFactory
  List<DynamicTest> scalesWeightsAndLogitsAreTheReferences() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (Path folder : Golden.list(Golden.folder("smoothquant"), "")) {
      if (!Files.isDirectory(folder)) {
        continue;
      }
      for (Path json : Golden.list(folder, ".json")) {
        String name = folder.getFileName() + " " + json.getFileName();
        if (json.endsWith("inputs.json")) {
          tests.add(DynamicTest.dynamicTest(name, () -> checkMaxima(folder)));
        } else if (Golden.json(json).path("case").asString().equals("single linear")) {
          tests.add(DynamicTest.dynamicTest(name, () -> checkLinear(json)));
        } else {
          tests.add(DynamicTest.dynamicTest(name + " smoothed", () -> checkSmoothed(json)));
          tests.add(DynamicTest.dynamicTest(name + " W8A8", () -> checkInteger(json)));
          tests.add(DynamicTest.dynamicTest(name + " linears", () -> checkRecorded(json)));
        }
      }
    }
    return tests;
  }

  private static void checkMaxima(Path folder) throws IOException {
    try (SmoothQuantModel golden = SmoothQuantModel.open(folder)) {
      double tolerance =
          golden.description().path("tolerances").path("act_absmax_rel").doubleValue();
      List<Map<InputGroup, float[]>> maxima = golden.maxima();
      for (int layer = 0; layer < maxima.size(); layer++) {
        for (Projection projection : Projection.values()) {
          String name = projection.module(layer);
          float[] expected = Golden.floats(golden.file(), "act_absmax." + name);
          Deviation.assertClose(
              name, maxima.get(layer).get(InputGroup.of(projection)), expected, tolerance);
        }
      }
    }
  }

  private static void checkSmoothed(Path json) throws IOException {
    JsonNode description = Golden.json(json);
    JsonNode tolerances = description.path("tolerances");
    double tolerance = tolerances.path("smoothed_rel").doubleValue();
    try (SmoothQuantModel golden = SmoothQuantModel.open(json.getParent());
        Checkpoint expected = SafetensorsCheckpoint.open(tensors(json))) {
      double alpha = description.path("options").path("alpha").doubleValue();
      QuantizedCheckpoint smoothed = golden.smoothed(alpha, false, false);
      int compared = 0;
      for (String name : expected.names()) {
        if (!name.startsWith("smoothed.")) {
          continue;
        }
        String tensor = name.substring("smoothed.".length());
        FloatTensor norm = smoothed.floats().get(tensor);
        float[] found =
            norm != null
                ? norm.values()
                : smoothed.linears().get(tensor.replace(".weight", "")).dequantize();
        Deviation.assertClose(tensor, found, Golden.floats(expected, name), tolerance);
        compared++;
      }
      assertThat(compared).isPositive();
      float[] logits = Golden.floats(expected, "logits_smoothed_fp");
      float[] found = golden.logits(smoothed, Golden.size(expected, "logits_smoothed_fp", 0));
      assertThat(Deviation.greatestDifference(found, logits))
          .as("logits")
          .isLessThanOrEqualTo(tolerances.path("logits_smoothed_abs").doubleValue());
    }
  }

  private static void checkInteger(Path json) throws IOException {
    JsonNode description = Golden.json(json);
    JsonNode tolerances = description.path("tolerances");
    try (SmoothQuantModel golden = SmoothQuantModel.open(json.getParent());
        Checkpoint expected = SafetensorsCheckpoint.open(tensors(json))) {
      double alpha = description.path("options").path("alpha").doubleValue();
      float[] floatLogits = Golden.floats(golden.file(), "logits_fp");
      for (boolean outputs : new boolean[] {false, true}) {
        QuantizedCheckpoint quantized = golden.smoothed(alpha, true, outputs);
        String bmm = outputs ? "bmm1" : "bmm0";
        int sequences = Golden.size(expected, "w8a8_" + bmm + ".logits", 0);
        float[] found = golden.logits(quantized, sequences);
        double error = description.path("expected").path("logits_mse_vs_fp_" + bmm).doubleValue();
        assertThat(Deviation.meanSquare(found, floatLogits))
            .as("squared error of the logits, %s", bmm)
            .isCloseTo(error, within(error * tolerances.path("w8a8_logits_mse_rel").doubleValue()));
        for (String name : expected.names()) {
          if (name.startsWith("w8.weight.")) {
            String module = name.substring("w8.weight.".length());
            assertThat(
                    Deviation.fractionDiffering(
                        quantized.linears().get(module).dequantize(),
                        Golden.floats(expected, name),
                        1e-3))
                .as(name)
                .isLessThanOrEqualTo(tolerances.path("w8_weight_fraction_differing").doubleValue());
          }
        }
      }
    }
  }

  /** Single linears on the inputs the reference recorded. */
  private static void checkRecorded(Path json) throws IOException {
    JsonNode description = Golden.json(json);
    double tolerance =
        description.path("tolerances").path("w8a8_output_abs_relative_to_absmax").doubleValue();
    try (SmoothQuantModel golden = SmoothQuantModel.open(json.getParent());
        Checkpoint expected = SafetensorsCheckpoint.open(tensors(json));
        TensorScope _ = TensorScope.open()) {
      double alpha = description.path("options").path("alpha").doubleValue();
      QuantizedCheckpoint quantized = golden.smoothed(alpha, true, true);
      int compared = 0;
      for (String name : expected.names()) {
        int at = name.indexOf(".in.model.layers.");
        if (at < 0) {
          continue;
        }
        String module = name.substring(at + ".in.".length());
        StoredLinear linear = quantized.linears().get(module);
        LinearActivations around = quantized.activationsOf(module);
        Tensor input = tensor(expected, name);
        Tensor weight =
            Tensor.from(linear.dequantize(), linear.outputFeatures(), linear.inputFeatures());
        Tensor output =
            ActivationRounding.apply(input, around.input().orElseThrow(), 1)
                .linear(weight, Optional.empty());
        if (around.output().isPresent()) {
          output = ActivationRounding.apply(output, around.output().get(), 1);
        }
        String recorded = name.substring(0, at) + ".out." + module;
        float[] reference = Golden.floats(expected, recorded);
        assertThat(Deviation.greatestDifference(output.toFloats(), reference))
            .as(module)
            .isLessThanOrEqualTo(tolerance * Deviation.greatest(reference));
        assertThat(Deviation.fractionDiffering(output.toFloats(), reference, 1e-4))
            .as("%s, outputs that differ", module)
            .isLessThanOrEqualTo(1e-3);
        compared++;
      }
      assertThat(compared).isPositive();
    }
  }

  /** One linear at every width and granularity, without smoothing. */
  private static void checkLinear(Path json) throws IOException {
    JsonNode tolerances = Golden.json(json).path("tolerances");
    double fraction = tolerances.path("Wq_Xq_fraction_differing").doubleValue();
    double absolute = tolerances.path("Y_abs_relative_to_absmax").doubleValue();
    try (Checkpoint golden = SafetensorsCheckpoint.open(tensors(json));
        Tiles tiles = new Tiles(1);
        TensorScope _ = TensorScope.open()) {
      int rows = Golden.size(golden, "W", 0);
      int columns = Golden.size(golden, "W", 1);
      float[] weight = Golden.floats(golden, "W");
      int compared = 0;
      for (String name : golden.names()) {
        if (!name.startsWith("Y.")) {
          continue;
        }
        int middle = name.lastIndexOf("_a");
        String weights = "Wq." + name.substring("Y.".length(), middle);
        String inputs = "Xq." + name.substring(middle + 1);
        int bits = Character.digit(inputs.charAt("Xq.a".length()), 10);
        boolean perChannel = weights.endsWith("per_channel");
        Strategy strategy = inputs.endsWith("per_token") ? Strategy.TOKEN : Strategy.TENSOR;
        float[] roundedWeight =
            perChannel
                ? SmoothQuantModel.rounded(weight, rows, columns, bits, tiles).dequantize()
                : SmoothQuantModel.rounded(weight, 1, rows * columns, bits, tiles).dequantize();
        Tensor roundedInput =
            ActivationRounding.apply(
                tensor(golden, "X"), ActivationQuantizer.dynamic(bits, true, strategy, 1), columns);
        assertThat(Deviation.fractionDiffering(roundedWeight, Golden.floats(golden, weights), 1e-6))
            .as(weights)
            .isLessThanOrEqualTo(fraction);
        assertThat(
                Deviation.fractionDiffering(
                    roundedInput.toFloats(), Golden.floats(golden, inputs), 1e-6))
            .as(inputs)
            .isLessThanOrEqualTo(fraction);
        float[] reference = Golden.floats(golden, name);
        Tensor output =
            roundedInput.linear(Tensor.from(roundedWeight, rows, columns), Optional.empty());
        assertThat(Deviation.greatestDifference(output.toFloats(), reference))
            .as(name)
            .isLessThanOrEqualTo(absolute * Deviation.greatest(reference));
        compared++;
      }
      assertThat(compared).isPositive();
    }
  }

  private static Path tensors(Path json) {
    return json.resolveSibling(json.getFileName().toString().replace(".json", ".safetensors"));
  }

  private static Tensor tensor(Checkpoint golden, String name) {
    long[] shape = golden.get(name).shape().stream().mapToLong(Long::longValue).toArray();
    return Tensor.from(Golden.floats(golden, name), shape);
  }
}
