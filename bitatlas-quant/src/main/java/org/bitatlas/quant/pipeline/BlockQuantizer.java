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
import org.bitatlas.model.BlockLoader;
import org.bitatlas.model.DecoderBlock;
import org.bitatlas.model.InputGroup;
import org.bitatlas.quant.method.Position;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.Rounding;
import org.bitatlas.quant.method.Transform;
import org.bitatlas.quant.rounding.Tiles;
import org.bitatlas.quant.transform.AwqSearch;
import org.bitatlas.quant.transform.BlockTransform;
import org.bitatlas.quant.transform.SmoothQuantSearch;
import org.bitatlas.quant.transform.flatquant.FlatQuantSearch;
import org.bitatlas.scheme.BlockParts;
import org.bitatlas.scheme.FloatLinear;
import org.bitatlas.scheme.StoredLinear;
import org.bitatlas.tensor.BitAtlasException;

/** Takes one block through a recipe: transform, observe, round, advance. */
final class BlockQuantizer {

  private static final List<List<InputGroup>> ONE_PASS = List.of(List.of(InputGroup.values()));
  private static final List<List<InputGroup>> SUB_PASSES =
      List.of(
          List.of(InputGroup.ATTENTION),
          List.of(InputGroup.ATTENTION_OUTPUT),
          List.of(InputGroup.MLP),
          List.of(InputGroup.MLP_OUTPUT));

  private final BlockLoader loader;
  private final Architecture architecture;
  private final Recipe recipe;
  private final Streams streams;
  private final Tiles tiles;
  private final BlockObserver observer;
  private final ErrorMeter meter;
  private final Consumer<LayerReport> listener;

  BlockQuantizer(
      BlockLoader loader,
      Recipe recipe,
      Streams streams,
      Tiles tiles,
      int threads,
      Consumer<LayerReport> listener) {
    this.loader = loader;
    this.architecture = loader.architecture();
    this.recipe = recipe;
    this.streams = streams;
    this.tiles = tiles;
    this.observer = new BlockObserver(architecture, tiles, threads);
    this.meter = new ErrorMeter(tiles);
    this.listener = listener;
  }

  /** Quantizes block {@code layer} and moves the streams behind it. */
  BlockOutcome quantize(int layer) {
    try (DecoderBlock original = loader.load(layer);
        DecoderBlock block = loader.load(layer)) {
      requireFinite(original);
      TransformStep step = new TransformStep(block, recipe);
      Optional<BlockTransform> transform = transform(original);
      transform.ifPresent(step::apply);
      if (recipe.rounding() instanceof Rounding.Gptaq) {
        // It compares inputs of the float block with the quantized one's: both transformed.
        transform.ifPresent(new TransformStep(original, recipe)::apply);
      }
      Map<InputGroup, InputStatistics> ranges = staticRanges(block);
      step.roundActivations(ranges);
      Rounded rounded = round(original, block, step);
      boolean last = layer + 1 == architecture.layers();
      if (!last) {
        streams.floats().ifPresent(stream -> stream.advance(original));
        streams.quantized().ifPresent(stream -> stream.advance(block));
      }
      List<String> notes = new ArrayList<>(step.notes());
      notes.addAll(rounded.notes());
      return new BlockOutcome(
          new BlockParts(
              rounded.linears(), step.activations(ranges), step.attention(), step.floats()),
          rounded.reports(),
          notes);
    }
  }

  /** Searches the recipe's transform on the float stream. */
  private Optional<BlockTransform> transform(DecoderBlock original) {
    return switch (recipe.transform()) {
      case Transform.None _ -> Optional.empty();
      case Transform.SmoothQuant smooth ->
          Optional.of(
              SmoothQuantSearch.find(original, absoluteMaxima(original), smooth, recipe.quirks()));
      case Transform.FlatQuant flat ->
          Optional.of(
              FlatQuantSearch.find(
                  original,
                  streams.floats().orElseThrow(),
                  flat,
                  recipe.bits(),
                  recipe.activations(),
                  tiles));
      case Transform.Awq awq ->
          Optional.of(AwqSearch.find(original, streams.floats().orElseThrow(), recipe, awq, tiles));
    };
  }

  private Map<InputGroup, float[]> absoluteMaxima(DecoderBlock original) {
    Map<InputGroup, float[]> maxima = new EnumMap<>(InputGroup.class);
    observer
        .statistics(
            original, streams.floats().orElseThrow(), List.of(InputGroup.ATTENTION, InputGroup.MLP))
        .forEach((group, statistics) -> maxima.put(group, statistics.absoluteMaxima()));
    return maxima;
  }

  /** Ranges of the transformed, not yet rounded inputs, where the recipe fixes them beforehand. */
  private Map<InputGroup, InputStatistics> staticRanges(DecoderBlock block) {
    if (!recipe.activations().needsCalibration() || recipe.position() == Position.TRANSFORMED) {
      return new EnumMap<>(InputGroup.class);
    }
    return observer.statistics(
        block, streams.observed().orElseThrow(), List.of(InputGroup.values()));
  }

  private record Rounded(
      SequencedMap<String, StoredLinear> linears, List<LayerReport> reports, List<String> notes) {}

  private Rounded round(DecoderBlock original, DecoderBlock block, TransformStep step) {
    Rounded rounded = new Rounded(new LinkedHashMap<>(), new ArrayList<>(), new ArrayList<>());
    boolean sequential =
        switch (recipe.rounding()) {
          case Rounding.Gptq gptq -> gptq.trueSequential();
          case Rounding.Gptaq _ -> true;
          case Rounding.Nearest _, Rounding.Billm _, Rounding.SlimLlm _ -> false;
        };
    for (List<InputGroup> groups : sequential ? SUB_PASSES : ONE_PASS) {
      roundGroups(original, block, step, groups, rounded);
    }
    return rounded;
  }

  private void roundGroups(
      DecoderBlock original,
      DecoderBlock block,
      TransformStep step,
      List<InputGroup> groups,
      Rounded rounded) {
    boolean transformedOnly = recipe.position() == Position.TRANSFORMED;
    Optional<BlockObserver.Reference> reference =
        recipe.rounding() instanceof Rounding.Gptaq
            ? streams.floats().map(floats -> new BlockObserver.Reference(original, floats))
            : Optional.empty();
    Optional<Observations> observed =
        transformedOnly
            ? Optional.empty()
            : streams.observed().map(stream -> observer.observe(block, stream, groups, reference));
    Map<Projection, float[]> replacements = new EnumMap<>(Projection.class);
    for (InputGroup group : groups) {
      Optional<double[]> hessian = observed.flatMap(seen -> seen.hessian(group));
      LinearRounder rounder =
          new LinearRounder(
              recipe,
              hessian,
              observed.flatMap(seen -> seen.drift(group)),
              architecture.inputFeatures(group.observed()),
              tiles);
      for (Projection projection : group.projections()) {
        String module = projection.module(block.layer());
        if (transformedOnly || recipe.excludes(module)) {
          keepFloat(block, step, projection, rounded);
          continue;
        }
        float[] weight = block.weight(projection);
        LinearRounder.Result result =
            rounder.round(
                step.clipped(projection).orElse(weight),
                architecture.outputFeatures(projection),
                projection,
                block.layer());
        float[] dequantized = result.linear().dequantize();
        replacements.put(projection, dequantized);
        rounded.linears().put(module, result.linear());
        result.fallback().ifPresent(note -> rounded.notes().add(module + ": " + note));
        LayerError error =
            new LayerError(
                block.layer(),
                projection,
                meter.outputError(weight, dequantized, result.linear().inputFeatures(), hessian),
                ErrorMeter.weightError(weight, dequantized));
        LayerReport report =
            LayerReport.of(
                error,
                weight,
                result.linear(),
                observed.flatMap(seen -> seen.statistics(group)),
                hessian.map(BlockQuantizer::diagonal),
                result.damping(),
                result.fallback());
        rounded.reports().add(report);
        listener.accept(report);
      }
    }
    // Linears of one pass see each other unquantized, so weights change when all are rounded.
    replacements.forEach(block::setWeight);
  }

  private static double[] diagonal(double[] matrix) {
    int size = (int) Math.round(Math.sqrt(matrix.length));
    double[] diagonal = new double[size];
    for (int k = 0; k < size; k++) {
      diagonal[k] = matrix[k * size + k];
    }
    return diagonal;
  }

  private void keepFloat(
      DecoderBlock block, TransformStep step, Projection projection, Rounded rounded) {
    if (step.changed(projection)) {
      rounded
          .linears()
          .put(
              projection.module(block.layer()),
              new FloatLinear(
                  architecture.outputFeatures(projection),
                  architecture.inputFeatures(projection),
                  block.weight(projection)));
    }
  }

  private static void requireFinite(DecoderBlock block) {
    for (Projection projection : Projection.values()) {
      for (float value : block.weight(projection)) {
        if (!Float.isFinite(value)) {
          throw new BitAtlasException(
              "The weight of "
                  + projection.module(block.layer())
                  + " has a value that is not finite; the float checkpoint is damaged.");
        }
      }
    }
  }
}
