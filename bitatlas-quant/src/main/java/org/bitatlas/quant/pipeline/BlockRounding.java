package org.bitatlas.quant.pipeline;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.Consumer;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.DecoderBlock;
import org.bitatlas.model.InputGroup;
import org.bitatlas.quant.method.Position;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.Rounding;
import org.bitatlas.quant.plan.Stage;
import org.bitatlas.quant.rounding.Tiles;
import org.bitatlas.scheme.FloatLinear;
import org.bitatlas.scheme.StoredLinear;
import org.bitatlas.tensor.ElementType;

/**
 * Rounds the linear layers of one block, all in one pass or one input group after the other, and
 * puts the dequantized weights into the block.
 */
final class BlockRounding {

  private static final List<List<InputGroup>> ONE_PASS = List.of(List.of(InputGroup.values()));
  private static final List<List<InputGroup>> SUB_PASSES =
      List.of(
          List.of(InputGroup.ATTENTION),
          List.of(InputGroup.ATTENTION_OUTPUT),
          List.of(InputGroup.MLP),
          List.of(InputGroup.MLP_OUTPUT));

  private final Setting setting;
  private final DecoderBlock original;
  private final DecoderBlock block;
  private final TransformStep step;
  private final Architecture architecture;
  private final Recipe recipe;
  private final SequencedMap<String, StoredLinear> linears = new LinkedHashMap<>();
  private final List<LayerReport> reports = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();

  /**
   * What is the same for all blocks.
   *
   * @param storedType type of the weights in the checkpoint
   * @param listener told after each layer
   */
  record Setting(
      Architecture architecture,
      Recipe recipe,
      Streams streams,
      ElementType storedType,
      BlockObserver observer,
      ErrorMeter meter,
      Tiles tiles,
      StageClock clock,
      Consumer<LayerReport> listener) {}

  /**
   * A block to round.
   *
   * @param original the float block, for methods that compare
   * @param block the transformed block; its weights change
   */
  BlockRounding(Setting setting, DecoderBlock original, DecoderBlock block, TransformStep step) {
    this.setting = setting;
    this.original = original;
    this.block = block;
    this.step = step;
    this.architecture = setting.architecture();
    this.recipe = setting.recipe();
  }

  /** Layers by module name, after {@link #run}. */
  SequencedMap<String, StoredLinear> linears() {
    return linears;
  }

  List<LayerReport> reports() {
    return reports;
  }

  List<String> notes() {
    return notes;
  }

  void run() {
    boolean sequential =
        switch (recipe.rounding()) {
          case Rounding.Gptq gptq -> gptq.trueSequential();
          case Rounding.Gptaq _ -> true;
          case Rounding.Nearest _, Rounding.Billm _, Rounding.SlimLlm _ -> false;
        };
    for (List<InputGroup> groups : sequential ? SUB_PASSES : ONE_PASS) {
      if (recipe.position() == Position.TRANSFORMED) {
        groups.forEach(group -> group.projections().forEach(this::keepFloat));
      } else {
        round(groups);
      }
    }
  }

  private void round(List<InputGroup> groups) {
    Optional<BlockObserver.Reference> reference =
        recipe.rounding() instanceof Rounding.Gptaq
            ? setting.streams().floats().map(f -> new BlockObserver.Reference(original, f))
            : Optional.empty();
    Optional<Observations> observed =
        setting
            .streams()
            .observed()
            .map(stream -> setting.observer().observe(block, stream, groups, reference));
    Map<Projection, float[]> replacements = new EnumMap<>(Projection.class);
    for (InputGroup group : groups) {
      LinearRounder rounder =
          new LinearRounder(
              recipe,
              observed.flatMap(seen -> seen.hessian(group)),
              observed.flatMap(seen -> seen.drift(group)),
              architecture.inputFeatures(group.observed()),
              setting.streams().observed().map(stream -> new GroupInputs(block, stream, group)),
              setting.tiles(),
              setting.clock());
      for (Projection projection : group.projections()) {
        if (recipe.excludes(projection.module(block.layer()))) {
          keepFloat(projection);
        } else {
          replacements.put(projection, round(projection, rounder, observed));
        }
      }
    }
    // Linears of one pass see each other unquantized, so weights change when all are rounded.
    replacements.forEach(block::setWeight);
  }

  /** Rounds a layer and returns its dequantized weight. */
  private float[] round(
      Projection projection, LinearRounder rounder, Optional<Observations> observed) {
    InputGroup group = InputGroup.of(projection);
    String module = projection.module(block.layer());
    float[] weight = block.weight(projection);
    LinearRounder.Result result =
        setting
            .clock()
            .time(
                Stage.SWEEP,
                () ->
                    rounder.round(
                        step.clipped(projection).orElse(weight),
                        architecture.outputFeatures(projection),
                        block.bias(projection),
                        projection,
                        block.layer()));
    StoredLinear linear = ScaleType.stored(result.linear(), recipe.profile(), setting.storedType());
    float[] dequantized = linear.dequantize();
    linears.put(module, linear);
    result.fallback().ifPresent(note -> notes.add(module + ": " + note));
    Optional<double[]> hessian = observed.flatMap(seen -> seen.hessian(group));
    LayerError error =
        new LayerError(
            block.layer(),
            projection,
            setting
                .clock()
                .time(
                    Stage.ERRORS,
                    () ->
                        setting
                            .meter()
                            .outputError(weight, dequantized, linear.inputFeatures(), hessian)),
            ErrorMeter.weightError(weight, dequantized));
    LayerReport report =
        LayerReport.of(
            error,
            weight,
            linear,
            observed.flatMap(seen -> seen.statistics(group)),
            hessian.map(BlockRounding::diagonal),
            result.damping(),
            result.fallback());
    reports.add(report);
    setting.listener().accept(report);
    return dequantized;
  }

  private static double[] diagonal(double[] matrix) {
    int size = (int) Math.round(Math.sqrt(matrix.length));
    double[] diagonal = new double[size];
    for (int k = 0; k < size; k++) {
      diagonal[k] = matrix[k * size + k];
    }
    return diagonal;
  }

  /** A layer that is not rounded is stored only where a transform changed it. */
  private void keepFloat(Projection projection) {
    if (step.changed(projection)) {
      linears.put(
          projection.module(block.layer()),
          new FloatLinear(
              architecture.outputFeatures(projection),
              architecture.inputFeatures(projection),
              block.weight(projection)));
    }
  }
}
