package org.bitatlas.quant.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.InputGroup;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.Rounding;
import org.bitatlas.quant.method.Transform;

/** Operations of the searches in front of rounding, per block. */
final class TransformWork {

  /** Passes over all weights in a step of FlatQuant's training and for each sequence: measured. */
  private static final double STEP_PASSES = 55;

  private static final double SEQUENCE_PASSES = 14;

  private TransformWork() {}

  /** The transform's search. */
  static List<Work> of(BlockWork block, Recipe recipe) {
    return switch (recipe.transform()) {
      case Transform.None _ -> List.of();
      case Transform.SmoothQuant _ -> {
        List<Work> work = new ArrayList<>(block.forward(Stage.TRANSFORM));
        work.add(block.pointwise(Stage.TRANSFORM, 2.0 * block.inputChannels()));
        yield work;
      }
      case Transform.Awq awq -> awq(block, recipe, awq);
      case Transform.FlatQuant flat -> training(block, flat);
    };
  }

  /**
   * A run of the block for the statistics and two that are recorded; every ratio runs attention and
   * MLP over the tokens searched and meets o and down through their Gram matrices; every range step
   * meets the 128 x 128 blocks of them.
   */
  private static List<Work> awq(BlockWork block, Recipe recipe, Transform.Awq awq) {
    List<Work> work = new ArrayList<>();
    work.addAll(block.forward(Stage.TRANSFORM));
    List<InputGroup> byGram =
        scalesOutput(block.architecture())
            ? List.of(InputGroup.ATTENTION_OUTPUT, InputGroup.MLP_OUTPUT)
            : List.of(InputGroup.MLP_OUTPUT);
    for (InputGroup group : byGram) {
      work.add(block.wholeGram(Stage.TRANSFORM, group));
      double products =
          2.0 * block.weights(group.observed()) * block.columns(group) * awq.gridSteps();
      work.add(new Work(Stage.TRANSFORM, Kernel.PRODUCT, products));
    }
    BlockWork searched = block.withSequences(awq.searchSamples());
    addTimes(work, 2, searched.forward(Stage.TRANSFORM));
    addTimes(work, awq.gridSteps(), searched.attention(Stage.TRANSFORM));
    addTimes(work, awq.gridSteps(), searched.mlp(Stage.TRANSFORM));
    double roundings = awq.gridSteps() * (double) block.weights();
    if (awq.clip()) {
      double clipped =
          block.weights(
              Set.of(
                  Projection.VALUE,
                  Projection.OUTPUT,
                  Projection.GATE,
                  Projection.UP,
                  Projection.DOWN));
      double steps = awq.maxShrink() * awq.clipSteps();
      roundings += steps * clipped;
      double group = recipe.groupSize() == 0 ? block.inputChannels() / 4.0 : recipe.groupSize();
      work.add(
          new Work(
              Stage.TRANSFORM,
              Kernel.PRODUCT,
              2 * steps * clipped * Math.min(group, awq.clipTokens())));
    }
    work.add(new Work(Stage.TRANSFORM, Kernel.GRID, roundings));
    return work;
  }

  /** Whether v's outputs are o's inputs one to one: no grouped queries. */
  private static boolean scalesOutput(Architecture architecture) {
    return architecture.heads() == architecture.keyValueHeads();
  }

  /**
   * One run for the targets; a step costs a forward and a backward run, which multiplies three
   * times as much, rounds inputs on the way, and transforms all weights forth and back.
   */
  private static List<Work> training(BlockWork block, Transform.FlatQuant flat) {
    List<Work> work = new ArrayList<>(block.forward(Stage.TRAINING));
    addTimes(work, 3.0 * flat.epochs(), block.forward(Stage.TRAINING));
    work.add(block.pointwise(Stage.TRAINING, 30.0 * flat.epochs() * block.inputChannels()));
    double sequences = flat.epochs() * (double) block.calibration().sequences();
    double steps = Math.max(flat.epochs(), sequences / flat.batch());
    work.add(
        new Work(
            Stage.TRAINING,
            Kernel.POINTWISE,
            (STEP_PASSES * steps + SEQUENCE_PASSES * sequences) * block.weights()));
    for (Projection projection : Projection.values()) {
      double factors = 2 * Math.sqrt(block.architecture().inputFeatures(projection));
      work.add(
          new Work(
              Stage.TRAINING, Kernel.PRODUCT, steps * 3 * 2 * block.weights(projection) * factors));
    }
    return work;
  }

  /** SliM-LLM: outputs of every candidate allocation, for every searched sample. */
  static List<Work> bitSearch(BlockWork block, Recipe recipe, Rounding.SlimLlm slim) {
    double tokens = block.withSequences(slim.searchSamples()).calibration().tokens();
    List<Work> work = new ArrayList<>();
    for (Projection projection : Projection.values()) {
      int columns = block.architecture().inputFeatures(projection);
      int group = recipe.groupSize() == 0 ? columns : recipe.groupSize();
      int candidates = Math.max(0, columns / group / 2 - 1);
      double weights = block.weights(projection);
      double rows = block.architecture().outputFeatures(projection);
      work.add(block.product(Stage.ALLOCATION, candidates * tokens, weights));
      work.add(new Work(Stage.ALLOCATION, Kernel.POINTWISE, 8 * candidates * tokens * rows));
      work.add(new Work(Stage.ALLOCATION, Kernel.GRID, candidates * weights));
    }
    return work;
  }

  private static void addTimes(List<Work> all, double times, List<Work> block) {
    block.forEach(work -> all.add(work.times(times)));
  }
}
