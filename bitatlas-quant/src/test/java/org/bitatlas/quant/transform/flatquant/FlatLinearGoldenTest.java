package org.bitatlas.quant.transform.flatquant;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.quant.Golden;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

/** One linear layer: factors, transformed, clipped and rounded weight, rounded input, output. */
class FlatLinearGoldenTest {

  @TestFactory
  List<DynamicTest> aTransformedLinearIsTheReferences() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (Path json : Golden.list(Golden.folder("flatquant"), ".json")) {
      String name = json.getFileName().toString();
      if (name.startsWith("linear_")) {
        tests.add(DynamicTest.dynamicTest(name, () -> check(json)));
      }
    }
    return tests;
  }

  private static void check(Path json) throws IOException {
    JsonNode description = Golden.json(json);
    JsonNode options = description.path("options");
    JsonNode tolerances = description.path("tolerances");
    String file = json.getFileName().toString().replace(".json", ".safetensors");
    try (Checkpoint golden = SafetensorsCheckpoint.open(json.resolveSibling(file));
        TensorScope _ = TensorScope.open()) {
      Values values = new Values(golden, tolerances);
      boolean direct = options.path("direct_inv").booleanValue();
      Factor left = values.factor("trans", "_left", direct);
      Factor right = values.factor("trans", "_right", direct);
      Factor outer = values.factor("out_trans", "", direct);
      values.near("P_left", left.matrix());
      values.near("P_right", right.matrix());
      values.near("P_out", outer.matrix());
      values.near("P_left_inv_t", left.inverseTransposed());
      values.near("P_right_inv_t", right.inverseTransposed());
      values.near("P_out_inv_t", outer.inverseTransposed());

      Kronecker transform = new Kronecker(values.get("trans.diag_scale"), left, right);
      Tensor input =
          Kronecker.apply(values.get("X").mul(transform.channels()), left.matrix(), right.matrix());
      values.near("X_transformed", input);
      Tensor weight = transform.weight(values.get("W"));
      values.near("W_transformed", weight);
      Tensor clipped =
          WeightClip.apply(
              weight, values.get("clip.clip_factor_w_min"), values.get("clip.clip_factor_w_max"));
      values.near("W_clipped", clipped);

      int weightBits = options.path("w_bits").intValue();
      Tensor roundedWeight = StraightThrough.ROUNDING.weight(clipped, weightBits);
      values.mostlyEqual("W_quant", roundedWeight);
      Tensor roundedInput =
          StraightThrough.ROUNDING.activations(
              input,
              options.path("a_bits").intValue(),
              true,
              values.get("clip.act_quantizer.clip_factor_a_min").sigmoid(),
              values.get("clip.act_quantizer.clip_factor_a_max").sigmoid());
      values.mostlyEqual("X_quant", roundedInput);
      Tensor bias = values.get("bias");
      values.closeInNorm("Y", roundedInput.linear(roundedWeight, Optional.of(bias)));

      Tensor outerWeight =
          Kronecker.applyRight(clipped.transpose(0, 1), outer.matrix()).transpose(0, 1);
      Tensor outerBias = Kronecker.applyRight(bias, outer.matrix());
      values.closeInNorm(
          "Y_with_out_trans",
          roundedInput.linear(
              StraightThrough.ROUNDING.weight(outerWeight, weightBits), Optional.of(outerBias)));

      Tensor unclipped = Tensor.full(ElementType.F32, 1, 1);
      values.mostlyEqual(
          "X_kv_asym4",
          StraightThrough.ROUNDING.activations(
              values.get("X").reshape(values.shape("X_kv_asym4")), 4, false, unclipped, unclipped));
    }
  }

  /** The golden tensors of a case and its tolerances. */
  private record Values(Checkpoint golden, JsonNode tolerances) {

    Tensor get(String name) {
      return Tensor.from(Golden.floats(golden, name), shape(name));
    }

    long[] shape(String name) {
      return golden.get(name).shape().stream().mapToLong(Long::longValue).toArray();
    }

    Factor factor(String name, String side, boolean direct) {
      if (direct) {
        return Factor.ofMatrix(get(name + ".linear" + side + ".weight"));
      }
      String raw = ".parametrizations.weight.original";
      return Factor.ofSingularValues(
          get(name + ".linear_u" + side + raw),
          get(name + ".linear_diag" + side),
          get(name + ".linear_v" + side + raw));
    }

    /** Within the tolerance for transforms, relative to the largest magnitude. */
    void near(String name, Tensor found) {
      float[] expected = Golden.floats(golden, name);
      float[] values = found.toFloats();
      assertThat(values).as(name).hasSameSizeAs(expected);
      double greatest = 0;
      double worst = 0;
      for (int i = 0; i < expected.length; i++) {
        greatest = Math.max(greatest, Math.abs(expected[i]));
        worst = Math.max(worst, Math.abs((double) expected[i] - values[i]));
      }
      assertThat(worst / greatest)
          .as(name)
          .isLessThanOrEqualTo(tolerances.path("transforms_rel_to_absmax").doubleValue());
    }

    void mostlyEqual(String name, Tensor found) {
      assertThat(differing(name, found))
          .as(name)
          .isLessThanOrEqualTo(tolerances.path("X_quant_W_quant_fraction_differing").doubleValue());
    }

    /** Fraction of the values that are another grid point. */
    double differing(String name, Tensor found) {
      float[] expected = Golden.floats(golden, name);
      float[] values = found.toFloats();
      int columns = Golden.size(golden, name, golden.get(name).shape().size() - 1);
      int count = 0;
      for (int i = 0; i < expected.length; i++) {
        float greatest = 0;
        for (int j = i / columns * columns; j < (i / columns + 1) * columns; j++) {
          greatest = Math.max(greatest, Math.abs(expected[j]));
        }
        count += Math.abs(expected[i] - values[i]) > 1e-3 * greatest ? 1 : 0;
      }
      return (double) count / expected.length;
    }

    void closeInNorm(String name, Tensor found) {
      double error = Norms.relativeError(found.toFloats(), Golden.floats(golden, name));
      assertThat(error).as(name).isLessThanOrEqualTo(tolerances.path("Y_rel_norm").doubleValue());
    }
  }
}
