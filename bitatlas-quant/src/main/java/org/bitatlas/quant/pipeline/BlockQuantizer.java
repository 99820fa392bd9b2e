package org.bitatlas.quant.pipeline;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.BlockLoader;
import org.bitatlas.model.DecoderBlock;
import org.bitatlas.model.InputGroup;
import org.bitatlas.quant.method.Position;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.Rounding;
import org.bitatlas.quant.method.Transform;
import org.bitatlas.quant.plan.Stage;
import org.bitatlas.quant.rounding.Tiles;
import org.bitatlas.quant.transform.AwqSearch;
import org.bitatlas.quant.transform.BlockTransform;
import org.bitatlas.quant.transform.SearchListener;
import org.bitatlas.quant.transform.SmoothQuantSearch;
import org.bitatlas.quant.transform.flatquant.FlatQuantSearch;
import org.bitatlas.scheme.BlockParts;
import org.bitatlas.tensor.BitAtlasException;

/** Takes one block through a recipe: transform, observe, round, advance. */
final class BlockQuantizer {

  private final BlockLoader loader;
  private final Architecture architecture;
  private final Recipe recipe;
  private final Streams streams;
  private final Tiles tiles;
  private final StageClock clock;
  private final ProgressCounter progress;
  private final BlockObserver observer;
  private final BlockRounding.Setting setting;

  BlockQuantizer(
      BlockLoader loader,
      Recipe recipe,
      Streams streams,
      Tiles tiles,
      int threads,
      StageClock clock,
      ProgressCounter progress) {
    this.loader = loader;
    this.architecture = loader.architecture();
    this.recipe = recipe;
    this.streams = streams;
    this.tiles = tiles;
    this.clock = clock;
    this.progress = progress;
    this.observer = new BlockObserver(architecture, tiles, threads, clock);
    this.setting =
        new BlockRounding.Setting(
            architecture,
            recipe,
            streams,
            loader.storedType(),
            observer,
            new ErrorMeter(tiles),
            tiles,
            clock,
            progress::done);
  }

  /** Quantizes block {@code layer} and moves the streams behind it. */
  BlockOutcome quantize(int layer) {
    try (DecoderBlock block = load(layer)) {
      if (streams.floats().isEmpty()) {
        return quantize(block, block);
      }
      try (DecoderBlock original = load(layer)) {
        return quantize(original, block);
      }
    }
  }

  /**
   * Quantizes a block.
   *
   * @param original the float block; the same as {@code block} where no float stream asks for it
   * @param block becomes the quantized one
   */
  private BlockOutcome quantize(DecoderBlock original, DecoderBlock block) {
    TransformStep step = new TransformStep(block, recipe);
    Optional<BlockTransform> transform =
        clock.time(
            recipe.transform() instanceof Transform.FlatQuant ? Stage.TRAINING : Stage.TRANSFORM,
            () -> transform(original));
    transform.ifPresent(step::apply);
    if (recipe.rounding() instanceof Rounding.Gptaq) {
      // It compares inputs of the float block with the quantized one's: both transformed.
      transform.ifPresent(new TransformStep(original, recipe)::apply);
    }
    Map<InputGroup, InputStatistics> ranges = staticRanges(block);
    step.roundActivations(ranges);
    BlockRounding rounded = new BlockRounding(setting, original, block, step);
    rounded.run();
    boolean last = block.layer() + 1 == architecture.layers();
    if (!last) {
      clock.time(Stage.FORWARD, () -> advance(original, block));
    }
    List<String> notes = new ArrayList<>(step.notes());
    notes.addAll(rounded.notes());
    return new BlockOutcome(
        new BlockParts(
            rounded.linears(), step.activations(ranges), step.attention(), step.floats()),
        rounded.reports(),
        notes);
  }

  private DecoderBlock load(int layer) {
    return clock.time(
        Stage.LOADING,
        () -> {
          DecoderBlock block = loader.load(layer);
          requireFinite(block);
          return block;
        });
  }

  private void advance(DecoderBlock original, DecoderBlock block) {
    streams.floats().ifPresent(stream -> stream.advance(original));
    streams.quantized().ifPresent(stream -> stream.advance(block));
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
                  streams.floats().orElseThrow().outputs(original),
                  flat,
                  recipe.bits(),
                  recipe.activations(),
                  tiles,
                  listener(original)));
      case Transform.Awq awq ->
          Optional.of(
              AwqSearch.find(
                  original,
                  streams.floats().orElseThrow(),
                  recipe,
                  awq,
                  tiles,
                  listener(original)));
    };
  }

  private SearchListener listener(DecoderBlock block) {
    return (what, done, steps) -> progress.searched(block.layer(), what, done, steps);
  }

  private Map<InputGroup, float[]> absoluteMaxima(DecoderBlock original) {
    Map<InputGroup, float[]> maxima = new EnumMap<>(InputGroup.class);
    observer
        .statistics(
            original, streams.floats().orElseThrow(), List.of(InputGroup.ATTENTION, InputGroup.MLP))
        .forEach((group, statistics) -> maxima.put(group, floats(statistics.absoluteMaximum())));
    return maxima;
  }

  /** Ranges of the transformed, not yet rounded inputs, where the recipe fixes them beforehand. */
  private Map<InputGroup, InputStatistics> staticRanges(DecoderBlock block) {
    if (!recipe.activations().needsCalibration() || recipe.position() == Position.TRANSFORMED) {
      return new EnumMap<>(InputGroup.class);
    }
    return clock.time(
        Stage.FORWARD,
        () ->
            observer.statistics(
                block, streams.observed().orElseThrow(), List.of(InputGroup.values())));
  }

  private static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
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
