package org.bitatlas.study.target;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.bitatlas.format.FusedModules;
import org.bitatlas.format.support.MixingRules;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.WeightScheme;

/** Whether the layers of a recipe go together in one checkpoint of a format. */
public final class RecipeMix {

  private RecipeMix() {}

  /**
   * What keeps them from it, as a phrase; empty where they do.
   *
   * @param rules of the format in a stack
   * @param recipe with the bits of its layers in place
   */
  public static Optional<String> objection(
      MixingRules rules, Recipe recipe, Architecture architecture) {
    Set<WeightScheme> schemes = new LinkedHashSet<>();
    for (int layer = 0; layer < architecture.layers(); layer++) {
      for (Projection projection : Projection.values()) {
        String module = projection.module(layer);
        if (recipe.excludes(module)) {
          continue;
        }
        WeightScheme scheme = recipe.weightsOf(module);
        schemes.add(scheme);
        Optional<String> shape =
            rules.objection(
                architecture.inputFeatures(projection),
                scheme.groupSize(),
                RecipeSchemes.scattered(recipe));
        if (shape.isPresent()) {
          return shape.map(reason -> module + ": " + reason);
        }
      }
      for (FusedModules fused : rules.fused()) {
        Optional<String> apart = apart(fused.modules(layer), recipe);
        if (apart.isPresent()) {
          return apart.map(
              found -> "%s runs as one layer and has %s".formatted(fused.name(), found));
        }
      }
    }
    if (!rules.mixes() && schemes.size() > 1) {
      return Optional.of(
          "%s has one number of bits and one group size for all layers, and these have %d kinds"
              .formatted(rules.format().label(), schemes.size()));
    }
    Set<Integer> groups =
        schemes.stream()
            .map(WeightScheme::groupSize)
            .filter(size -> size > 0)
            .collect(Collectors.toSet());
    return rules.oneGroupSize() && groups.size() > 1
        ? Optional.of(
            "%s has one size of groups, and these have %s"
                .formatted(rules.format().label(), groups))
        : Optional.empty();
  }

  private static Optional<String> apart(List<String> modules, Recipe recipe) {
    List<String> kinds =
        modules.stream()
            .map(module -> {
              WeightScheme scheme = recipe.weightsOf(module);
              return recipe.excludes(module)
                  ? "float"
                  : scheme.bits()
                      + " bits"
                      + (scheme.groupSize() == 0 ? "" : " in groups of " + scheme.groupSize());
            })
            .distinct()
            .toList();
    return kinds.size() > 1 ? Optional.of(String.join(" and ", kinds)) : Optional.empty();
  }
}
