package org.bitatlas.quant.sensitivity;

import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.WeightScheme;

/**
 * Bits and group size a linear layer may have.
 *
 * @param bits 2 to 8
 * @param groupSize columns that share a scale; 0 for one scale per output channel
 */
public record LayerChoice(int bits, int groupSize) {

  /** The grid of a recipe with this choice; everything else stays. */
  public WeightScheme on(WeightScheme weights) {
    return new WeightScheme(
        bits, groupSize, weights.grid(), weights.meanSquaredErrorClip(), weights.secondScales());
  }

  /** A recipe with this choice for every layer. */
  public Recipe on(Recipe recipe) {
    return recipe.with(on(recipe.weights()));
  }

  /** In words, for example {@code 4 bits, groups of 64}. */
  @Override
  public String toString() {
    return bits + " bits" + (groupSize == 0 ? "" : ", groups of " + groupSize);
  }
}
