package org.bitatlas.quant.method;

import java.util.List;
import java.util.stream.Collectors;

/** The short name of a recipe: what differs from the defaults of its method. */
final class RecipeLabel {

  /** Layer schemes that a label spells out. */
  private static final int MOST_NAMED = 4;

  private RecipeLabel() {}

  static String of(Recipe recipe) {
    StringBuilder label = new StringBuilder(recipe.brief());
    RecipeDefaults defaults = RecipeDefaults.of(recipe.transform(), recipe.rounding());
    if (recipe.grid() != defaults.grid(recipe.profile(), false) && recipe.bits() > 1) {
      label.append(' ').append(recipe.grid().id());
    }
    if (recipe.weights().meanSquaredErrorClip()) {
      label.append(" mse");
    }
    if (recipe.weights().secondScales()) {
      label.append(" second-scale");
    }
    switch (recipe.transform()) {
      case Transform.None _ -> {}
      case Transform.SmoothQuant smooth -> label.append(" alpha ").append(smooth.alpha());
      case Transform.Awq awq -> {
        label.append(awq.clip() ? "" : " no-clip");
        label.append(awq.duoScaling() ? " duo" : "");
      }
      case Transform.FlatQuant flat -> {
        label.append(flat.directInverse() ? " direct-inv" : "");
        label.append(flat.epochs() == 15 ? "" : " " + flat.epochs() + " epochs");
        form(label, flat.form());
      }
    }
    switch (recipe.rounding()) {
      case Rounding.Nearest _ -> {}
      case Rounding.Gptq gptq -> {
        sweep(label, gptq);
        label.append(gptq.trueSequential() ? " true-seq" : "");
      }
      case Rounding.Gptaq gptaq -> {
        sweep(label, gptaq.sweep());
        label.append(
            gptaq.alpha() == Rounding.Gptaq.DEFAULT.alpha() ? "" : " alpha " + gptaq.alpha());
      }
      case Rounding.Billm billm -> label.append(' ').append(billm.metric().id());
      case Rounding.SlimLlm slim ->
          label.append(slim.salientWeight() == 1 ? "" : " lambda " + slim.salientWeight());
    }
    activations(label, recipe);
    if (!recipe.embedding().equals(TableScheme.FLOAT)) {
      label.append(" embedding ").append(recipe.embedding().id());
    }
    if (!recipe.head().equals(TableScheme.FLOAT)) {
      label.append(" head ").append(recipe.head().id());
    }
    if (!recipe.excluded().isEmpty()) {
      label.append(" without ").append(String.join(",", recipe.excluded()));
    }
    allocation(label, recipe);
    return label.toString();
  }

  private static void form(StringBuilder label, FlatForm form) {
    FlatForm reference = FlatForm.REFERENCE;
    label.append(form.clip() == reference.clip() ? "" : " " + form.clip().id() + "-lac");
    label.append(form.output() == reference.output() ? "" : " o-" + form.output().id());
    label.append(form.type() == reference.type() ? "" : " " + form.type().id());
  }

  private static void allocation(StringBuilder label, Recipe recipe) {
    switch (recipe.allocation()) {
      case BitAllocation.Uniform _ -> {}
      case BitAllocation.PerLayer perLayer ->
          label.append(
              perLayer.schemes().size() > MOST_NAMED
                  ? " " + perLayer.schemes().size() + " layer schemes"
                  : perLayer.schemes().stream()
                      .map(scheme -> " " + scheme.id())
                      .collect(Collectors.joining()));
      case BitAllocation.Adaptive adaptive -> {
        label.append(
            adaptive.bits().equals(BitAllocation.Adaptive.ALL_BITS)
                ? ""
                : " of " + adaptive.bits());
        label.append(
            adaptive.groupSizes().equals(List.of(recipe.groupSize()))
                ? ""
                : " groups " + adaptive.groupSizes());
        label.append(adaptive.tables().isEmpty() ? "" : " with tables");
        label.append(
            adaptive.passes() == BitAllocation.Adaptive.PASSES
                ? ""
                : " " + adaptive.passes() + " passes");
        label.append(adaptive.target().map(target -> " for " + target).orElse(""));
      }
    }
  }

  private static void sweep(StringBuilder label, Rounding.Gptq gptq) {
    Rounding.Gptq defaults = Rounding.Gptq.DEFAULT;
    label.append(gptq.actOrder() ? " act-order" : "");
    label.append(gptq.staticGroups() ? " static" : "");
    label.append(gptq.damping() == defaults.damping() ? "" : " damp " + gptq.damping());
    label.append(gptq.blockSize() == defaults.blockSize() ? "" : " b" + gptq.blockSize());
  }

  private static void activations(StringBuilder label, Recipe recipe) {
    ActivationPolicy policy = recipe.activations();
    if (policy.bits() != ActivationPolicy.FLOAT_BITS) {
      label.append(policy.symmetric() ? "" : " a-asym");
      boolean perToken = policy.granularity() == ActivationPolicy.Granularity.DYNAMIC_TOKEN;
      label.append(perToken ? "" : " " + policy.granularity().id());
      label.append(policy.clip() == 1 ? "" : " a-clip " + policy.clip());
    }
    if (policy.outputBits() != ActivationPolicy.FLOAT_BITS) {
      label.append(" qkv-out ").append(policy.outputBits());
    }
  }
}
