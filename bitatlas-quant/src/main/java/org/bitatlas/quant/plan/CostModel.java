package org.bitatlas.quant.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.InputGroup;
import org.bitatlas.quant.method.ActivationPolicy;
import org.bitatlas.quant.method.Position;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.Rounding;
import org.bitatlas.quant.method.Transform;

/**
 * Predicts what a quantization costs from shapes alone: the operations of every stage as the
 * pipeline executes them, block by block, over rates measured on this machine; the peak of what is
 * in memory; hidden states on disk; bytes of the output.
 *
 * <p>What is known well: products, Gram matrices, factors and the sweep. What is rough: the
 * pointwise parts, FlatQuant's training and the searches of BiLLM and SliM-LLM.
 */
public final class CostModel {

  private CostModel() {}

  /**
   * The plan of a quantization.
   *
   * @param architecture the model
   * @param storedBytesPerWeight of the float checkpoint: 2 for bf16
   * @param recipe the method
   * @param calibration shape of the calibration set; empty without one
   * @param rates what the machine does in a second
   */
  public static Plan predict(
      Architecture architecture,
      int storedBytesPerWeight,
      Recipe recipe,
      Optional<Calibration> calibration,
      KernelRates rates) {
    MemoryModel.Peak memory = MemoryModel.peak(architecture, recipe, calibration, rates.threads());
    return new Plan(
        recipe.label(),
        architecture,
        calibration,
        rates,
        work(architecture, recipe, calibration),
        memory.moment(),
        memory.parts(),
        calibration
            .map(
                set -> stateCopies(recipe) * set.tokens() * architecture.hiddenSize() * Float.BYTES)
            .orElse(0L),
        OutputSize.of(architecture, recipe, storedBytesPerWeight));
  }

  /** Streams of hidden states a recipe keeps: through float blocks, through quantized ones. */
  static int streams(Recipe recipe) {
    boolean transforms = !(recipe.transform() instanceof Transform.None);
    boolean nearest = recipe.rounding() instanceof Rounding.Nearest;
    int floats = transforms || recipe.rounding() instanceof Rounding.Gptaq ? 1 : 0;
    int quantized = !nearest || !transforms ? 1 : 0;
    return floats + quantized;
  }

  /**
   * Most copies of the hidden states at a time: in front of and behind a block for each stream;
   * AWQ's search puts inputs and outputs of half a block aside.
   */
  private static long stateCopies(Recipe recipe) {
    int streams = streams(recipe);
    boolean aside = recipe.transform() instanceof Transform.Awq;
    return Math.max(2L * streams, streams + (aside ? 2 : 0));
  }

  /** The work of all blocks. */
  static List<Work> work(
      Architecture architecture, Recipe recipe, Optional<Calibration> calibration) {
    int layers = architecture.layers();
    // Shapes of the weights do not depend on the calibration set.
    BlockWork block = new BlockWork(architecture, calibration.orElse(new Calibration(1, 1)));
    List<Work> all = new ArrayList<>();
    add(all, layers, List.of(loading(block)));
    add(all, layers, rounding(block, recipe));
    if (calibration.isEmpty()) {
      return all;
    }
    add(all, layers, TransformWork.of(block, recipe));
    add(all, layers, observation(block, recipe));
    if (recipe.position() == Position.QUANTIZED) {
      for (Projection projection : Projection.values()) {
        add(all, layers, List.of(block.error(projection)));
      }
    }
    int streams = streams(recipe);
    add(all, streams * (layers - 1.0), block.forward(Stage.FORWARD));
    add(all, layers, List.of(storage(block, recipe, streams)));
    return all;
  }

  private static void add(List<Work> all, double times, List<Work> block) {
    block.forEach(work -> all.add(work.times(times)));
  }

  /** Two copies of the block are read, converted and checked. */
  private static Work loading(BlockWork block) {
    return new Work(Stage.LOADING, Kernel.POINTWISE, 6.0 * block.weights());
  }

  /** Each stream is written once; every pass over the block reads it. */
  private static Work storage(BlockWork block, Recipe recipe, int streams) {
    double states =
        (double) block.calibration().tokens() * block.architecture().hiddenSize() * Float.BYTES;
    return new Work(Stage.STORAGE, Kernel.DISK, states * (streams + passes(recipe)));
  }

  /** Runs of the block in which its inputs are observed. */
  private static int passes(Recipe recipe) {
    if (recipe.position() == Position.TRANSFORMED) {
      return 0;
    }
    int ranges = recipe.activations().needsCalibration() ? 1 : 0;
    return ranges
        + switch (recipe.rounding()) {
          case Rounding.Gptq gptq when gptq.trueSequential() -> 4;
          case Rounding.Gptaq _ -> 8;
          case Rounding.Gptq _, Rounding.Nearest _, Rounding.Billm _, Rounding.SlimLlm _ -> 1;
        };
  }

  /** Forward passes that are observed, and what is gathered of them. */
  private static List<Work> observation(BlockWork block, Recipe recipe) {
    List<Work> work = new ArrayList<>();
    add(work, passes(recipe), block.forward(Stage.FORWARD));
    if (passes(recipe) == 0) {
      return work;
    }
    work.add(block.pointwise(Stage.STATISTICS, 4.0 * block.inputChannels()));
    for (InputGroup group : InputGroup.values()) {
      work.add(block.gram(group));
      if (recipe.rounding() instanceof Rounding.Gptaq) {
        work.add(block.wholeGram(Stage.GRAM, group));
      }
    }
    if (recipe.activations().bits() != ActivationPolicy.FLOAT_BITS) {
      add(
          work,
          passes(recipe),
          List.of(block.pointwise(Stage.FORWARD, 6.0 * block.inputChannels())));
    }
    return work;
  }

  /** From the Gram matrices to codes. */
  private static List<Work> rounding(BlockWork block, Recipe recipe) {
    List<Work> work = new ArrayList<>();
    if (recipe.position() == Position.TRANSFORMED) {
      return work;
    }
    // A search of the range tries 80 grids, SliM-LLM's 101.
    double grids = recipe.weights().meanSquaredErrorClip() ? 81 : 1;
    if (recipe.rounding() instanceof Rounding.SlimLlm) {
      grids = 101;
    }
    work.add(new Work(Stage.SWEEP, Kernel.GRID, grids * block.weights()));
    if (recipe.rounding() instanceof Rounding.Nearest) {
      return work;
    }
    for (InputGroup group : InputGroup.values()) {
      work.add(block.factor(group));
    }
    for (Projection projection : Projection.values()) {
      work.add(block.sweep(projection));
    }
    switch (recipe.rounding()) {
      case Rounding.Gptaq _ -> {
        for (InputGroup group : InputGroup.values()) {
          // P = triu(D U^T) U: two triangular products.
          work.add(new Work(Stage.FACTOR, Kernel.PRODUCT, 2 * Math.pow(block.columns(group), 3)));
        }
        for (Projection projection : Projection.values()) {
          work.add(block.sweep(projection));
        }
      }
      case Rounding.Billm _ ->
          // 49 counts of salient columns and 81 splits, each about ten passes over the weights.
          work.add(
              new Work(Stage.ALLOCATION, Kernel.POINTWISE, (49 + 81) * 10.0 * block.weights()));
      case Rounding.SlimLlm slim -> work.addAll(TransformWork.bitSearch(block, recipe, slim));
      case Rounding.Nearest _, Rounding.Gptq _ -> {}
    }
    return work;
  }
}
