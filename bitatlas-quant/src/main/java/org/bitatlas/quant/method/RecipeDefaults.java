package org.bitatlas.quant.method;

/**
 * What a method's own repository does where a recipe is silent, and what vLLM's and Ascend's tools
 * do instead.
 *
 * @param transform the transform
 * @param rounding the rounding
 */
record RecipeDefaults(Transform transform, Rounding rounding) {

  static RecipeDefaults of(Transform transform, Rounding rounding) {
    return new RecipeDefaults(transform, rounding);
  }

  /** Whether the grid is symmetric where neither {@code sym} nor {@code grid} is given. */
  boolean symmetric(Profile profile) {
    return switch (profile) {
      case VLLM, ASCEND -> true;
      case REFERENCE ->
          transform instanceof Transform.SmoothQuant || transform instanceof Transform.FlatQuant;
    };
  }

  /** The grid for the symmetry of this method's defaults, or the other symmetry. */
  Grid grid(Profile profile, boolean other) {
    return gridFor(profile, symmetric(profile) != other);
  }

  /** The grid of a symmetry. */
  Grid gridFor(Profile profile, boolean symmetric) {
    return switch (profile) {
      case VLLM ->
          symmetric ? Grid.COMPRESSED_TENSORS_SYMMETRIC : Grid.COMPRESSED_TENSORS_ASYMMETRIC;
      case ASCEND -> symmetric ? Grid.QUAROT_SYMMETRIC : Grid.QUAROT_ASYMMETRIC;
      case REFERENCE -> reference(symmetric);
    };
  }

  private Grid reference(boolean symmetric) {
    boolean quarot =
        rounding instanceof Rounding.Gptaq
            || transform instanceof Transform.SmoothQuant
            || transform instanceof Transform.FlatQuant;
    if (quarot) {
      return symmetric ? Grid.QUAROT_SYMMETRIC : Grid.QUAROT_ASYMMETRIC;
    }
    if (transform instanceof Transform.Awq && !symmetric) {
      return Grid.AWQ_ASYMMETRIC;
    }
    return symmetric ? Grid.GPTQ_SYMMETRIC : Grid.GPTQ_ASYMMETRIC;
  }

  /** Group size where none is given. */
  int groupSize() {
    boolean grouped = transform instanceof Transform.Awq || rounding instanceof Rounding.SlimLlm;
    return grouped ? 128 : 0;
  }

  /** Activation policy where no option of it is given: SmoothQuant is W8A8, FlatQuant W4A4KV4. */
  ActivationPolicy activations() {
    return switch (transform) {
      case Transform.SmoothQuant _ -> ActivationPolicy.perToken(8);
      case Transform.FlatQuant _ ->
          new ActivationPolicy(
              4,
              true,
              ActivationPolicy.Granularity.DYNAMIC_TOKEN,
              1,
              ActivationPolicy.FLOAT_BITS,
              4,
              4);
      case Transform.None _, Transform.Awq _ -> ActivationPolicy.NONE;
    };
  }
}
