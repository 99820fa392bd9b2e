package org.bitatlas.quant.transform;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.DecoderBlock;
import org.bitatlas.model.InputGroup;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.Transform.Awq;
import org.bitatlas.quant.rounding.Tiles;
import org.bitatlas.tensor.BitAtlasException;

/**
 * AWQ (Lin et al. 2024): scales the input channels of a group of linears by a power of their mean
 * magnitude, the exponent chosen by the error of the block's output with weights rounded to
 * nearest; then clips weight ranges. What stands before the linears absorbs the inverse scales.
 *
 * <p>All four searches see the float block and its float inputs; results are applied together.
 */
public final class AwqSearch {

  /** Raised when the same block, inputs and options give another transform. */
  public static final int BEHAVIOUR_VERSION = 1;

  /** q and k are not clipped: their errors meet in products. */
  private static final Set<Projection> CLIPPED =
      EnumSet.of(
          Projection.VALUE, Projection.OUTPUT, Projection.GATE, Projection.UP, Projection.DOWN);

  private final DecoderBlock block;
  private final Architecture architecture;
  private final Recipe recipe;
  private final Awq options;
  private final Tiles tiles;
  private final Set<Projection> rounded = EnumSet.noneOf(Projection.class);

  private AwqSearch(DecoderBlock block, Recipe recipe, Awq options, Tiles tiles) {
    this.block = block;
    this.architecture = block.architecture();
    this.recipe = recipe;
    this.options = options;
    this.tiles = tiles;
    for (Projection projection : Projection.values()) {
      if (!recipe.excludes(projection.module(block.layer()))) {
        rounded.add(projection);
      }
    }
  }

  /**
   * Finds scales and ranges for one block.
   *
   * @param block a float block; not changed
   * @param inputs the hidden states in front of it, as the float blocks before produce them
   * @param recipe the grid that candidates are rounded to, excluded layers, and whether the
   *     reference's quirks are repeated; its rounding plays no part
   * @param listener told after every ratio
   * @throws BitAtlasException when an input or every candidate's output is not finite
   */
  public static BlockTransform find(
      DecoderBlock block,
      BlockInputs inputs,
      Recipe recipe,
      Awq options,
      Tiles tiles,
      SearchListener listener) {
    return search(block, inputs, recipe, options, tiles, listener).transform();
  }

  /**
   * Everything the search learned.
   *
   * @param scales by group, those that were scaled
   * @param maxima m [N x G] of the linears that were clipped
   */
  record Result(
      Map<InputGroup, ScaleSearch.Found> scales,
      Map<Projection, float[]> maxima,
      BlockTransform transform) {}

  static Result search(
      DecoderBlock block,
      BlockInputs inputs,
      Recipe recipe,
      Awq options,
      Tiles tiles,
      SearchListener listener) {
    AwqSearch search = new AwqSearch(block, recipe, options, tiles);
    AwqStatistics statistics = search.statistics(inputs);
    Map<InputGroup, ScaleSearch.Found> found = new EnumMap<>(InputGroup.class);
    Map<InputGroup, float[]> scales = new EnumMap<>(InputGroup.class);
    SequencedMap<String, String> facts = new LinkedHashMap<>();
    for (InputGroup group : search.scaledGroups()) {
      ScaleSearch.Found best = search.scales(group, inputs, statistics, listener);
      found.put(group, best);
      scales.put(group, best.scales());
      facts.put(Modules.of(group), fact(best));
    }
    Map<Projection, float[]> maxima = new EnumMap<>(Projection.class);
    BlockTransform transform = search.transform(scales, statistics, maxima, facts);
    return new Result(found, maxima, transform);
  }

  /** The second half of the search, from scales found elsewhere. */
  static Result clip(
      DecoderBlock block,
      BlockInputs inputs,
      Recipe recipe,
      Awq options,
      Map<InputGroup, float[]> scales,
      Tiles tiles) {
    AwqSearch search = new AwqSearch(block, recipe, options, tiles);
    Map<Projection, float[]> maxima = new EnumMap<>(Projection.class);
    BlockTransform transform =
        search.transform(scales, search.statistics(inputs), maxima, new LinkedHashMap<>());
    return new Result(Map.of(), maxima, transform);
  }

  private AwqStatistics statistics(BlockInputs inputs) {
    Set<InputGroup> grams = scaledGroups();
    grams.remove(InputGroup.ATTENTION);
    grams.remove(InputGroup.MLP);
    return AwqStatistics.gather(block, inputs, grams, options.clipTokens(), tiles);
  }

  private BlockTransform transform(
      Map<InputGroup, float[]> scales,
      AwqStatistics statistics,
      Map<Projection, float[]> maxima,
      SequencedMap<String, String> facts) {
    ScaledBlock scaled = new ScaledBlock(block);
    scales.forEach((group, values) -> absorb(scaled, group, values));
    Map<Projection, float[]> clipped = new EnumMap<>(Projection.class);
    if (options.clip()) {
      for (InputGroup group : InputGroup.values()) {
        clip(group, scaled, statistics, Optional.ofNullable(scales.get(group)), maxima, clipped);
      }
    }
    return scaled.transform(clipped, facts);
  }

  private GroupRounding rounding(InputGroup group) {
    return GroupRounding.of(recipe.weights(), architecture.inputFeatures(group.observed()));
  }

  /** Groups with a linear to round and something in front that can absorb the scales. */
  private Set<InputGroup> scaledGroups() {
    Set<InputGroup> groups = EnumSet.noneOf(InputGroup.class);
    for (InputGroup group : InputGroup.values()) {
      boolean any = group.projections().stream().anyMatch(rounded::contains);
      if (any && (group != InputGroup.ATTENTION_OUTPUT || valuesCanAbsorb())) {
        groups.add(group);
      }
    }
    return groups;
  }

  /**
   * Whether every input of o is one output of v. The reference compares whole shapes, and so passes
   * over attention that is wider or narrower than the model.
   */
  private boolean valuesCanAbsorb() {
    int values = architecture.outputFeatures(Projection.VALUE);
    boolean sameWidth = values == architecture.inputFeatures(Projection.OUTPUT);
    return sameWidth && (!recipe.quirks() || values == architecture.hiddenSize());
  }

  private ScaleSearch.Found scales(
      InputGroup group, BlockInputs inputs, AwqStatistics statistics, SearchListener listener) {
    return switch (group) {
      case ATTENTION, MLP -> {
        try (HalfBlockError error =
            HalfBlockError.record(block, group, inputs, options.searchSamples(), tiles)) {
          yield scales(group, statistics, error, listener);
        }
      }
      case ATTENTION_OUTPUT, MLP_OUTPUT ->
          scales(
              group,
              statistics,
              new GramError(
                  block.weight(group.observed()),
                  statistics.gram(group),
                  statistics.tokens(),
                  tiles),
              listener);
    };
  }

  private ScaleSearch.Found scales(
      InputGroup group, AwqStatistics statistics, OutputError error, SearchListener listener) {
    return new ScaleSearch(block, group, rounded, options, rounding(group), tiles)
        .search(statistics.mean(group), error, listener)
        .orElseThrow(() -> NonFinite.inputs(group.observed().module(block.layer())));
  }

  private void absorb(ScaledBlock scaled, InputGroup group, float[] scales) {
    switch (group) {
      case ATTENTION, MLP -> scaled.absorbInNorm(group, scales);
      case ATTENTION_OUTPUT -> scaled.absorbInRows(Projection.VALUE, Projection.OUTPUT, scales);
      case MLP_OUTPUT -> scaled.absorbInRows(Projection.UP, Projection.DOWN, scales);
    }
  }

  private void clip(
      InputGroup group,
      ScaledBlock scaled,
      AwqStatistics statistics,
      Optional<float[]> scales,
      Map<Projection, float[]> maxima,
      Map<Projection, float[]> clipped) {
    List<Projection> searched = new ArrayList<>(group.projections());
    searched.removeIf(projection -> !CLIPPED.contains(projection) || !rounded.contains(projection));
    if (searched.isEmpty()) {
      return;
    }
    GroupRounding rounding = rounding(group);
    float[] sample = statistics.sample(group).clone();
    scales.ifPresent(present -> divideColumns(sample, present));
    RangeSearch search = new RangeSearch(options, rounding, tiles);
    try (GroupOutputs outputs =
        new GroupOutputs(sample, rounding.columns(), rounding.groupSize())) {
      for (Projection projection : searched) {
        float[] weight = scaled.weight(projection);
        float[] ranges = search.maxima(weight, outputs);
        maxima.put(projection, ranges);
        clipped.put(projection, search.clamped(weight, ranges));
      }
    }
  }

  private static void divideColumns(float[] rows, float[] scales) {
    for (int at = 0; at < rows.length; at += scales.length) {
      for (int k = 0; k < scales.length; k++) {
        rows[at + k] /= scales[k];
      }
    }
  }

  private static String fact(ScaleSearch.Found found) {
    double least = found.losses()[found.step()];
    return String.format(
        Locale.ROOT,
        "ratio %.3g, output error %.4g (%.4g at ratio 0)",
        found.ratio(),
        least,
        found.losses()[0]);
  }
}
