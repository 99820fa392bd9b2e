package org.bitatlas.study.recommendation;

import java.util.Optional;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.support.Inputs;
import org.bitatlas.format.support.SupportedScheme;
import org.bitatlas.model.Architecture;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.TableScheme;
import org.bitatlas.study.StudyRecipe;
import org.bitatlas.study.target.Arithmetic;
import org.bitatlas.study.target.ExecutionScheme;
import org.bitatlas.study.target.ServedWeights;
import org.bitatlas.study.target.StoredWeight;

/** A setting as a serving stack computes it, for the predictor. */
final class Served {

  private Served() {}

  static ExecutionScheme of(
      Setting setting, Deployment deployment, Architecture architecture, Arithmetic floats) {
    boolean dense = deployment.schemes().stream().anyMatch(SupportedScheme::dense);
    Optional<Recipe> recipe = setting.recipe();
    if (recipe.isEmpty() || dense) {
      return ExecutionScheme.floats(deployment.words(), floats);
    }
    FormatName format = deployment.format().orElseThrow();
    // What the stack computes, which may be less than the recipe rounds.
    Inputs inputs = deployment.schemes().getFirst().inputs();
    return new ExecutionScheme(
        deployment.words(),
        setting.blocks(architecture, format, floats),
        table(recipe.get().embedding(), format, floats),
        table(recipe.get().head(), format, floats),
        ServedWeights.factors(inputs, recipe.get().bits(), floats),
        floats,
        ServedWeights.inputs(inputs),
        StudyRecipe.FLOAT_BITS);
  }

  private static StoredWeight table(TableScheme scheme, FormatName format, Arithmetic floats) {
    return scheme
        .weights()
        .map(weights -> ServedWeights.of(format, weights))
        .orElseGet(() -> StoredWeight.floats(floats));
  }
}
