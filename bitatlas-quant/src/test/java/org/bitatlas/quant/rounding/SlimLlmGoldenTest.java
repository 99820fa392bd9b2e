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
import org.bitatlas.quant.method.Rounding.SlimLlm;
import org.bitatlas.quant.method.WeightScheme;
import org.bitatlas.quant.rounding.MixedPrecision.Mixed;
import org.bitatlas.scheme.MixedGroupLinear;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

/** Bits by salience against the SliM-LLM repository on single layers. */
class SlimLlmGoldenTest {

  @TestFactory
  List<DynamicTest> mixedPrecisionGivesTheReferenceBitsAndWeights() throws IOException {
    return LayerCase.tests("slimllm", SlimLlmGoldenTest::checkInputs, SlimLlmGoldenTest::check);
  }

  private static void checkInputs(Path layer, Path json) {
    try (Checkpoint inputs = SafetensorsCheckpoint.open(LayerCase.tensors(json))) {
      int size = Golden.size(inputs, "X", 2);
      LayerCase.checkStatistic(inputs, "H_before_damping", LayerCase.hessian(inputs), size, 1e-5);
    }
  }

  private static void check(Path layer, Path json) throws IOException {
    JsonNode description = Golden.json(json);
    try (Checkpoint inputs = SafetensorsCheckpoint.open(layer.resolve("inputs.safetensors"));
        Checkpoint expected = SafetensorsCheckpoint.open(LayerCase.tensors(json));
        Tiles tiles = new Tiles(2)) {
      boolean searches = !description.path("expected").path("group_salience_in_search").isNull();
      MixedGroupLinear found =
          searches ? searched(description, inputs, tiles) : swept(description, inputs, tiles);
      checkLinear(description, inputs, expected, found);
    }
  }

  private static MixedGroupLinear searched(JsonNode description, Checkpoint inputs, Tiles tiles) {
    JsonNode tolerances = description.path("tolerances");
    JsonNode expected = description.path("expected");
    Recipe recipe = recipe(description.path("options"));
    SlimLlm options = (SlimLlm) recipe.rounding();
    float[] weight = Golden.floats(inputs, "W");
    int rows = Golden.size(inputs, "W", 0);
    int columns = Golden.size(inputs, "W", 1);
    SalienceFactors factors =
        SalienceFactors.of(
                LayerCase.hessian(inputs), columns, options.damping(), true, "layer", tiles)
            .orElseThrow();
    double[] salience = GroupBits.salience(weight, columns, recipe.groupSize(), factors.search());
    checkAll(
        "group_salience_in_search",
        salience,
        expected.path("group_salience_in_search"),
        0,
        (beyondSinglePrecision(inputs, columns) ? 5 : 1)
            * tolerances.path("salience_rel").doubleValue());
    Optional<float[]> bias = inputs.find("bias").map(_ -> Golden.floats(inputs, "bias"));
    double tolerance = tolerances.path("kl_rel").doubleValue();
    SequenceInputs samples = SequenceInputs.of(inputs);
    try (DivergenceSearch search =
        new DivergenceSearch(
            weight,
            rows,
            columns,
            recipe.groupSize(),
            GroupBits.ascending(salience),
            recipe.bits(),
            bias,
            false)) {
      double[][] divergences = search.divergences(samples, samples.samples(), tiles);
      String perSample = "kl_errors_per_sample[sample][m-1]";
      for (int sample = 0; sample < divergences.length; sample++) {
        JsonNode golden = expected.path(perSample).path(sample);
        checkAll("divergence of sample " + sample, divergences[sample], golden, 1, tolerance);
      }
    }
    Mixed mixed =
        MixedPrecision.round(weight, rows, columns, recipe, factors, bias, samples, tiles);
    assertThat(mixed.note()).isEmpty();
    checkAll("mean", mixed.divergences(), expected.path("mean_kl_per_m"), 1, tolerance);
    return mixed.linear();
  }

  /**
   * Whether the reference's fp32 inverse of H is itself only good to a few parts in a thousand:
   * with fewer tokens than columns H has but the .01 on its diagonal to rest on, and that is less
   * than the rounding of its largest value. On the layer of 24 x 768 the reference's own steps in
   * fp32, with the tokens of each sample in 40 other orders, lie -.26 % to +.24 % from fp64, and 1
   * in 40 of those runs comes within .1 % of the stored one.
   */
  private static boolean beyondSinglePrecision(Checkpoint inputs, int columns) {
    if (Golden.floats(inputs, "X").length / columns >= columns) {
      return false;
    }
    double[] hessian = LayerCase.hessian(inputs);
    double largest = 0;
    for (int k = 0; k < columns; k++) {
      largest = Math.max(largest, hessian[k * columns + k]);
    }
    return largest * 0x1p-24 > 0.01;
  }

  /** Cases whose bits are given, as such or as numbers of groups to exchange. */
  private static MixedGroupLinear swept(JsonNode description, Checkpoint inputs, Tiles tiles) {
    JsonNode options = description.path("options");
    Recipe recipe = recipe(options);
    SlimLlm slim = (SlimLlm) recipe.rounding();
    float[] weight = Golden.floats(inputs, "W");
    int columns = Golden.size(inputs, "W", 1);
    InverseFactor factor =
        InverseFactor.of(LayerCase.hessian(inputs), columns, slim.damping(), false, "layer", tiles)
            .orElseThrow();
    int[] bits;
    if (options.path("saved").isArray()) {
      bits = ints(options.path("saved"));
    } else {
      double[] salience = GroupBits.salience(weight, columns, recipe.groupSize(), factor);
      bits =
          GroupBits.of(
              GroupBits.ascending(salience),
              recipe.bits(),
              options.path("nonsalient_block").intValue(),
              options.path("salient_block").intValue());
    }
    return MixedGroupSweep.round(
            weight,
            columns,
            recipe.groupSize(),
            bits,
            MixedPrecision.sweepOptions(recipe, slim),
            factor,
            tiles)
        .linear();
  }

  private static void checkLinear(
      JsonNode description, Checkpoint inputs, Checkpoint expected, MixedGroupLinear found) {
    JsonNode tolerances = description.path("tolerances");
    JsonNode values = description.path("expected");
    float[] weight = Golden.floats(inputs, "W");
    int columns = Golden.size(inputs, "W", 1);
    assertThat(found.bitsPerGroup()).isEqualTo(ints(values.path("bits_per_group")));
    float[] quantized = found.dequantize();
    boolean[] differs =
        LayerCase.checkWeights(quantized, Golden.floats(expected, "Q"), columns, tolerances);
    checkGrids(found, expected, differs, tolerances);
    float[] x = Golden.floats(inputs, "X");
    LayerCase.checkError(
        "rel_output_error",
        LayerCase.outputError(weight, x, quantized, x, columns),
        values,
        tolerances);
  }

  /** Scales and zero points of the rows all of whose weights are the reference's. */
  private static void checkGrids(
      MixedGroupLinear found, Checkpoint expected, boolean[] differs, JsonNode tolerances) {
    float[] scales = Golden.floats(expected, "scales");
    float[] zeros = Golden.floats(expected, "zeros");
    double tolerance = tolerances.path("scales_rel").doubleValue();
    for (int cell = 0; cell < scales.length; cell++) {
      if (differs[cell / found.groups()]) {
        continue;
      }
      assertThat((double) found.scales()[cell])
          .as("scale %d", cell)
          .isCloseTo(scales[cell], within(tolerance * scales[cell]));
      double unit = Math.max(Math.abs(zeros[cell]), scales[cell]);
      assertThat((double) found.offsets()[cell])
          .as("offset %d", cell)
          .isCloseTo(zeros[cell], within(tolerance * unit));
    }
  }

  private static void checkAll(
      String name, double[] found, JsonNode expected, int from, double tolerance) {
    assertThat(found).as(name).hasSize(from + expected.size());
    for (int i = 0; i < expected.size(); i++) {
      double golden = expected.path(i).doubleValue();
      assertThat(found[from + i])
          .as("%s, element %d", name, i)
          .isCloseTo(golden, within(tolerance * golden));
    }
  }

  private static int[] ints(JsonNode values) {
    int[] ints = new int[values.size()];
    for (int i = 0; i < ints.length; i++) {
      ints[i] = values.path(i).intValue();
    }
    return ints;
  }

  private static Recipe recipe(JsonNode options) {
    return Recipe.of(
            WeightScheme.of(
                options.path("bits").intValue(),
                options.path("groupsize").intValue(),
                Grid.GPTQ_ASYMMETRIC),
            new SlimLlm(
                options.path("percdamp").doubleValue(),
                options.path("lambda_salience").doubleValue(),
                0))
        .withQuirks(true);
  }
}
