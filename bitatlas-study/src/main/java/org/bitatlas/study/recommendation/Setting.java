package org.bitatlas.study.recommendation;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.support.Inputs;
import org.bitatlas.format.support.Inputs.Rounding;
import org.bitatlas.format.support.LayerScheme;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.Precision;
import org.bitatlas.quant.allocation.AllocatedBits;
import org.bitatlas.quant.method.BitAllocation;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.TableScheme;
import org.bitatlas.quant.method.Transform;
import org.bitatlas.quant.method.WeightScheme;
import org.bitatlas.study.bench.Scheme;
import org.bitatlas.study.map.MapRow;
import org.bitatlas.study.target.Arithmetic;
import org.bitatlas.study.target.RecipeSchemes;
import org.bitatlas.study.target.ServedWeights;
import org.bitatlas.study.target.StoredWeight;
import org.bitatlas.tensor.BitAtlasException;

/**
 * A row's recipe as serving stacks see it, from the options that its records hold. Of bits that
 * were found for the row its notes tell which layer has which.
 */
final class Setting {
  private static final Set<String> STORED =
      Set.of("bits", "group_size", "a_bits", "a_sym", "a_granularity", "k_bits", "v_bits");

  private final MapRow row;
  private final Optional<Recipe> recipe;
  private final boolean adaptive;
  private final Optional<String> unknown;

  Setting(MapRow row) {
    this.row = row;
    if (row.isFloat()) {
      this.recipe = Optional.empty();
      this.adaptive = false;
      this.unknown = Optional.empty();
      return;
    }
    Optional<Recipe> recorded = Optional.empty();
    String problem = "";
    if (row.isCheckpoint() && !Boolean.parseBoolean(row.options().get("uniform"))) {
      problem = "its layers are not all on one grid: bitatlas check says what loads its folder";
    } else {
      try {
        recorded = Optional.of(Recipe.parse(row.isCheckpoint() ? stored() : row.options()));
      } catch (BitAtlasException e) {
        problem = "its recorded recipe is not one of this version (%s)".formatted(e.getMessage());
      }
    }
    this.adaptive =
        recorded.filter(own -> own.allocation() instanceof BitAllocation.Adaptive).isPresent();
    Optional<Recipe> found =
        adaptive ? recorded.flatMap(own -> AllocatedBits.found(own, row.notes())) : recorded;
    if (adaptive && found.isEmpty()) {
      problem =
          "its records do not tell the bits of its layers, or how embedding and head are stored;"
              + " run the study with --fresh";
    }
    this.recipe = found;
    this.unknown = Optional.of(problem).filter(words -> !words.isEmpty());
  }

  /** The scheme of a checkpoint that was there, as a recipe that would give the same. */
  private Map<String, String> stored() {
    Map<String, String> options = new LinkedHashMap<>();
    options.put("method", "rtn");
    row.options()
        .forEach((name, value) -> {
          if (name.equals("symmetric")) {
            options.put("sym", value);
          } else if (STORED.contains(name)) {
            options.put(name, value);
          }
        });
    return options;
  }

  /** Format of the checkpoint that the row was read from; empty for a recipe's row. */
  Optional<String> storedFormat() {
    return row.isCheckpoint() ? Optional.ofNullable(row.options().get("format")) : Optional.empty();
  }

  MapRow row() {
    return row;
  }

  boolean isFloat() {
    return row.isFloat();
  }

  /** The recipe, with the bits of every layer where they were found; empty for the float model. */
  Optional<Recipe> recipe() {
    return recipe;
  }

  /** Why nothing serves it whatever the target, as phrases; empty where something may. */
  List<String> unservable(Architecture architecture) {
    List<String> phrases = new ArrayList<>();
    unknown.ifPresent(phrases::add);
    recipe.ifPresent(known -> phrases.addAll(RecipeSchemes.simulatedOnly(known)));
    if (adaptive && recipe.isPresent()) {
      int blocks = RecipeSchemes.namedBlocks(recipe.get());
      if (blocks != architecture.layers()) {
        phrases.add(
            "its bits were found for the %d blocks of %s, and these are %d"
                .formatted(blocks, row.model(), architecture.layers()));
      }
    }
    return phrases;
  }

  /** Whether a scheme of the bench does the same arithmetic on the same storage. */
  boolean runsAs(Scheme scheme) {
    if (scheme.weights().isEmpty()) {
      return isFloat() && scheme.precision().filter(Precision.BF16::equals).isPresent();
    }
    return recipe.filter(known -> runsAs(known, scheme, scheme.weights().get())).isPresent();
  }

  private boolean runsAs(Recipe known, Scheme scheme, Scheme.Weights weights) {
    Inputs inputs = RecipeSchemes.inputs(known);
    boolean sameInputs =
        scheme
            .activations()
            .map(quantizer ->
                inputs.bits() == quantizer.bits()
                    && inputs.rounding()
                        == (quantizer.dynamic() ? Rounding.DYNAMIC_TOKEN : Rounding.STATIC_TENSOR))
            .orElse(inputs.equals(Inputs.FLOAT));
    boolean everyLayerAlike =
        known.allocation() instanceof BitAllocation.Uniform && known.excluded().isEmpty();
    return sameInputs
        && everyLayerAlike
        && RecipeSchemes.simulatedOnly(known).isEmpty()
        && !quantizesTables()
        && weights.bits() == known.bits()
        && weights.downBits() == known.bits()
        && weights.groupSize() == known.groupSize()
        && !weights.secondScales()
        && scheme.cache().isEmpty()
        && scheme.transforms() == (known.transform() instanceof Transform.FlatQuant);
  }

  /** Whether embedding or head are stored in codes. */
  boolean quantizesTables() {
    return recipe
        .filter(known ->
            !(known.embedding().equals(TableScheme.FLOAT)
                && known.head().equals(TableScheme.FLOAT)))
        .isPresent();
  }

  /** The distinct kinds of quantized layers of a model; none of the float model. */
  Set<LayerScheme> layers(Architecture architecture) {
    Set<LayerScheme> layers = new LinkedHashSet<>();
    recipe.ifPresent(known -> {
      for (int layer = 0; layer < architecture.layers(); layer++) {
        for (Projection projection : Projection.values()) {
          String module = projection.module(layer);
          if (!known.excludes(module)) {
            boolean bias = architecture.hasBias(projection);
            layers.add(RecipeSchemes.of(known, known.weightsOf(module), bias));
          }
        }
      }
      for (TableScheme table : List.of(known.embedding(), known.head())) {
        table.weights().ifPresent(weights -> layers.add(RecipeSchemes.ofTable(weights)));
      }
    });
    return layers;
  }

  /** How the layers of each block lie in memory from a format. */
  List<Map<Projection, StoredWeight>> blocks(
      Architecture architecture, FormatName format, Arithmetic floats) {
    Recipe known = recipe.orElseThrow();
    List<Map<Projection, StoredWeight>> blocks = new ArrayList<>();
    for (int layer = 0; layer < architecture.layers(); layer++) {
      Map<Projection, StoredWeight> block = new EnumMap<>(Projection.class);
      for (Projection projection : Projection.values()) {
        String module = projection.module(layer);
        WeightScheme scheme = known.weightsOf(module);
        block.put(
            projection,
            known.excludes(module)
                ? StoredWeight.floats(floats)
                : ServedWeights.of(format, scheme));
      }
      blocks.add(block);
    }
    return blocks.stream().distinct().count() == 1 ? List.of(blocks.getFirst()) : blocks;
  }
}
