package org.bitatlas.quant.transform.flatquant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.DecoderBlock;
import org.bitatlas.model.LinearInputObserver;
import org.bitatlas.quant.Golden;
import org.bitatlas.quant.method.Grid;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.Rounding;
import org.bitatlas.quant.method.WeightScheme;
import org.bitatlas.quant.rounding.ColumnSweep;
import org.bitatlas.quant.rounding.Tiles;
import org.bitatlas.quant.transform.BlockInputs;
import org.bitatlas.quant.transform.BlockTransform;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Sequential training of whole models from the reference's initial parameters: first loss, first
 * gradients, first steps, the course of the loss, and the model after training and after putting
 * the parameters into the weights.
 */
class FlatTrainingGoldenTest {

  @TestFactory
  List<DynamicTest> trainingFollowsTheReference(@TempDir Path folder) throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (Path json : Golden.list(Golden.folder("flatquant"), ".json")) {
      String name = json.getFileName().toString();
      if (name.startsWith("train_")) {
        tests.add(
            DynamicTest.dynamicTest(
                name, () -> check(json, Files.createDirectory(folder.resolve(name)))));
      }
    }
    return tests;
  }

  private static void check(Path json, Path folder) throws IOException {
    try (GoldenCase golden = new GoldenCase(json, folder);
        Tiles tiles = new Tiles(2);
        TensorScope _ = TensorScope.open()) {
      List<float[]> hidden = golden.embedded();
      List<float[]> first = hidden.subList(0, 2);
      Tensor expectedLogits = golden.logits(throughFloat(golden, first));
      assertThat(Norms.meanSquaredError(expectedLogits.toFloats(), golden.floats("logits_fp")))
          .isLessThan(1e-9);
      Tensor trained = golden.rows(first);
      Tensor rounded = trained;
      for (int layer = 0; layer < golden.layers(); layer++) {
        try (DecoderBlock block = golden.block(layer)) {
          BaseWeights base = BaseWeights.of(block);
          BlockInputs inputs = golden.inputs(hidden);
          TrainingData data =
              TrainingData.gather(block, inputs, RandomBlock.outputs(block, inputs), tiles);
          checkInitialChannels(golden, base, data, layer);
          checkReparameterization(golden, block, base, layer);
          BlockParameters parameters = train(golden, block, base, data, tiles, layer);
          trained = throughTrained(golden, block, base, parameters, trained);
          BlockTransform transform =
              Reparameterization.of(
                  block, base, parameters, golden.quantization(), new LinkedHashMap<>());
          List<float[]> next = new ArrayList<>();
          for (int s = 0; s < hidden.size(); s++) {
            next.add(data.target(s).toFloats());
          }
          put(transform, block, golden.weightBits(), tiles);
          rounded = block.forward(rounded, block.operators(), LinearInputObserver.NONE);
          hidden = next;
        }
      }
      float[] logits = golden.floats("logits_fp");
      checkLogits(
          golden,
          "logits_mse_trained",
          Norms.meanSquaredError(golden.logits(trained).toFloats(), logits));
      checkLogits(
          golden,
          "logits_mse_reparam_rtn",
          Norms.meanSquaredError(golden.logits(rounded).toFloats(), logits));
    }
  }

  private static void checkLogits(GoldenCase golden, String name, double found) {
    double expected = golden.expected().path(name).doubleValue();
    assertThat(found)
        .as(name)
        .isCloseTo(expected, within(golden.tolerance("logits_mse_rel") * expected));
  }

  private static Tensor throughFloat(GoldenCase golden, List<float[]> sequences) {
    Tensor hidden = golden.rows(sequences);
    for (int layer = 0; layer < golden.layers(); layer++) {
      try (DecoderBlock block = golden.block(layer)) {
        hidden = block.forward(hidden, block.operators(), LinearInputObserver.NONE);
      }
    }
    return hidden;
  }

  private static Tensor throughTrained(
      GoldenCase golden,
      DecoderBlock block,
      BaseWeights base,
      BlockParameters parameters,
      Tensor hidden) {
    Operands operands =
        Operands.of(parameters.constants(), base, golden.quantization(), StraightThrough.ROUNDING);
    return block.forward(
        hidden,
        new FlatOperators(
            block.architecture(), operands, base, golden.quantization(), StraightThrough.ROUNDING),
        LinearInputObserver.NONE);
  }

  private static void checkInitialChannels(
      GoldenCase golden, BaseWeights base, TrainingData data, int layer) {
    Map<String, float[]> init = golden.stage("init", layer);
    FlatQuantSearch.initialChannels(base, data, golden.options().diagonalAlpha())
        .forEach((group, channels) -> {
          String name = BlockParameters.transformOf(group) + ".channels";
          assertThat(Norms.relativeError(channels, init.get(name)))
              .as("initial %s of layer %d", name, layer)
              .isLessThan(1e-5);
        });
  }

  private static BlockParameters train(
      GoldenCase golden,
      DecoderBlock block,
      BaseWeights base,
      TrainingData data,
      Tiles tiles,
      int layer) {
    float[] losses = golden.floats("loss_per_step");
    int steps = losses.length / golden.layers();
    BlockParameters parameters = golden.parameters("init", layer);
    FlatTraining training =
        new FlatTraining(block, base, data, golden.quantization(), StraightThrough.ROUNDING, tiles);
    FlatTraining.Outcome outcome =
        training.train(
            parameters,
            golden.options(),
            (step, _, loss, gradients) -> {
              if (step == 0) {
                compare(
                    golden.stage("grad1", layer),
                    gradients,
                    golden.tolerance("grad1_rel_norm"),
                    "gradient, layer " + layer);
              }
              if (step < 2) {
                Map<String, float[]> now = new LinkedHashMap<>();
                parameters.list().forEach(p -> now.put(p.name(), p.values()));
                compare(
                    golden.stage("after" + (step + 1), layer),
                    now,
                    5e-2,
                    "after step " + (step + 1) + ", layer " + layer);
              }
            });
    assertThat(outcome.trouble()).isEmpty();
    assertThat(outcome.losses()).hasSize(steps);
    for (int step = 0; step < steps; step++) {
      double expected = losses[layer * steps + step];
      double tolerance =
          golden.tolerance(
                  step == 0
                      ? "loss_step_1_rel"
                      : step == steps - 1 ? "final_loss_rel" : "loss_per_step_rel")
              * expected;
      assertThat(outcome.losses().get(step))
          .as("loss before step %d of layer %d", step + 1, layer)
          .isCloseTo(expected, within(tolerance));
    }
    return parameters;
  }

  private static void compare(
      Map<String, float[]> expected, Map<String, float[]> found, double tolerance, String what) {
    if (expected.isEmpty()) {
      return;
    }
    assertThat(found.keySet()).as(what).containsExactlyInAnyOrderElementsOf(expected.keySet());
    double worst = 0;
    String worstName = "";
    for (Map.Entry<String, float[]> entry : expected.entrySet()) {
      double error = Norms.relativeError(found.get(entry.getKey()), entry.getValue());
      if (error > worst) {
        worst = error;
        worstName = entry.getKey();
      }
    }
    assertThat(worst).as("%s: %s", what, worstName).isLessThanOrEqualTo(tolerance);
  }

  /** The reference's final parameters give the reference's weights. */
  private static void checkReparameterization(
      GoldenCase golden, DecoderBlock block, BaseWeights base, int layer) {
    BlockTransform transform =
        Reparameterization.of(
            block,
            base,
            golden.parameters("final", layer),
            golden.quantization(),
            new LinkedHashMap<>());
    Map<String, float[]> expected = golden.stage("reparam", layer);
    double worst = 0;
    for (Projection projection : Projection.values()) {
      String name = BlockParameters.nameOf(projection) + ".linear.weight";
      float[] weight = expected.get(name);
      if (weight != null) {
        worst = Math.max(worst, Norms.relativeError(transform.clipped().get(projection), weight));
      }
    }
    assertThat(worst).isLessThan(1e-5);
    transform
        .norms()
        .forEach((group, norm) -> {
          String name = DecoderBlock.normName(layer, group).orElseThrow() + ".weight";
          float[] reference = expected.get(name.substring(name.indexOf("." + layer + ".") + 3));
          if (reference != null) {
            assertThat(Norms.relativeError(norm, reference)).as(name).isLessThan(1e-6);
          }
        });
  }

  /** Puts a transform into a block as a pipeline does, weights rounded to nearest. */
  private static void put(
      BlockTransform transform, DecoderBlock block, int weightBits, Tiles tiles) {
    Recipe nearest =
        Recipe.of(WeightScheme.of(weightBits, 0, Grid.QUAROT_SYMMETRIC), new Rounding.Nearest());
    transform
        .clipped()
        .forEach((projection, weight) -> {
          int rows = block.architecture().outputFeatures(projection);
          int columns = block.architecture().inputFeatures(projection);
          block.setWeight(
              projection,
              ColumnSweep.round(weight, rows, columns, nearest, Optional.empty(), tiles)
                  .linear()
                  .dequantize());
        });
    transform.biases().forEach(block::setBias);
    transform.norms().forEach(block::setNorm);
    transform.activations().forEach(block::setActivations);
    block.setAttention(transform.attention());
  }
}
