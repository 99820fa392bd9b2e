package org.bitatlas.quant.method;

import org.bitatlas.tensor.BitAtlasException;

/** Which parts of a recipe go together. */
final class RecipeRules {

  private static final int SMALLEST_SLIM_BITS = 2;
  private static final int LARGEST_SLIM_BITS = 7;

  private RecipeRules() {}

  static void check(
      WeightScheme weights, Transform transform, Rounding rounding, ActivationPolicy activations) {
    int bits = weights.bits();
    switch (rounding) {
      // One bit is sign times scale, on no grid.
      case Rounding.Nearest _ -> requireGrid(weights, bits == 1);
      case Rounding.Gptq _, Rounding.Gptaq _ -> requireGrid(weights, false);
      case Rounding.Billm _ -> {
        if (bits != 1) {
          throw new BitAtlasException(
              "A recipe asks BiLLM for " + bits + " bits; BiLLM is defined for 1 bit only.");
        }
      }
      case Rounding.SlimLlm _ -> {
        if (bits < SMALLEST_SLIM_BITS || bits > LARGEST_SLIM_BITS) {
          throw new BitAtlasException(
              "A recipe asks SliM-LLM for %d bits; it mixes b - 1, b and b + 1, so give 2 to 7."
                  .formatted(bits));
        }
        if (weights.groupSize() == 0) {
          throw new BitAtlasException(
              "A SliM-LLM recipe has no group size; bits are chosen per group, give 128 or less.");
        }
      }
    }
    boolean learnsRanges = transform instanceof Transform.FlatQuant;
    if (learnsRanges && weights.groupSize() != 0) {
      throw new BitAtlasException(
          "A FlatQuant recipe has group size %d; its weights have one scale per output channel, remove the option."
              .formatted(weights.groupSize()));
    }
    boolean fixed = activations.granularity() == ActivationPolicy.Granularity.STATIC_TENSOR;
    if (learnsRanges && fixed && activations.bits() != ActivationPolicy.FLOAT_BITS) {
      throw new BitAtlasException(
          "A FlatQuant recipe has static activation ranges; it learns ranges per token.");
    }
  }

  private static void requireGrid(WeightScheme weights, boolean withoutGrid) {
    int fewest = weights.grid().minimumBits();
    if (!withoutGrid && weights.bits() < fewest) {
      throw new BitAtlasException(
          "A recipe asks for %d bits, but the grid %s is defined for %d to 8 bits."
              .formatted(weights.bits(), weights.grid().id(), fewest));
    }
  }
}
