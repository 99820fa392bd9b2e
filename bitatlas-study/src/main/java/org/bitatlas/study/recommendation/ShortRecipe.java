package org.bitatlas.study.recommendation;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.quant.method.BitAllocation;
import org.bitatlas.quant.method.LayerScheme;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.WeightScheme;

/**
 * A recipe that names the bits of every layer, in fewer words: the bits of most layers are the
 * recipe's own, and the others are named.
 */
final class ShortRecipe {
  private static final String PREFIX = "model.";

  private ShortRecipe() {}

  /** The same for every layer of a model; a recipe that gives no layer bits of its own as it is. */
  static Recipe of(Recipe recipe, Architecture architecture) {
    if (!(recipe.allocation() instanceof BitAllocation.PerLayer)) {
      return recipe;
    }
    Map<String, WeightScheme> schemes = new LinkedHashMap<>();
    Map<WeightScheme, Integer> counts = new LinkedHashMap<>();
    for (int layer = 0; layer < architecture.layers(); layer++) {
      for (Projection projection : Projection.values()) {
        String module = projection.module(layer);
        if (!recipe.excludes(module)) {
          schemes.put(module, recipe.weightsOf(module));
          counts.merge(recipe.weightsOf(module), 1, Integer::sum);
        }
      }
    }
    WeightScheme most =
        counts.entrySet().stream()
            .max(Map.Entry.comparingByValue())
            .map(Map.Entry::getKey)
            .orElse(recipe.weights());
    List<LayerScheme> others = new ArrayList<>();
    schemes.forEach((module, scheme) -> {
      if (!scheme.equals(most)) {
        int groups =
            scheme.groupSize() == most.groupSize() ? LayerScheme.SAME_GROUPS : scheme.groupSize();
        others.add(new LayerScheme(module.substring(PREFIX.length()), scheme.bits(), groups));
      }
    });
    return recipe
        .with(most)
        .with(others.isEmpty() ? new BitAllocation.Uniform() : new BitAllocation.PerLayer(others));
  }
}
