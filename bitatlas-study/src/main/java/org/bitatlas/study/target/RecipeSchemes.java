package org.bitatlas.study.target;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bitatlas.format.support.Inputs;
import org.bitatlas.format.support.Inputs.Rounding;
import org.bitatlas.format.support.LayerScheme;
import org.bitatlas.format.support.LayerScheme.Storage;
import org.bitatlas.quant.method.ActivationPolicy;
import org.bitatlas.quant.method.BitAllocation;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.Transform;
import org.bitatlas.quant.method.WeightScheme;

/** A recipe as serving stacks see it. */
public final class RecipeSchemes {

  private static final Pattern BLOCK = Pattern.compile("layers\\.(\\d+)\\.");

  private RecipeSchemes() {}

  /**
   * A layer of a recipe.
   *
   * @param scheme of its weight
   * @param bias whether it has a bias
   */
  public static LayerScheme of(Recipe recipe, WeightScheme scheme, boolean bias) {
    return new LayerScheme(
        storage(recipe),
        scheme.bits(),
        scheme.groupSize(),
        scheme.grid().symmetric(),
        inputs(recipe),
        recipe.transform() instanceof Transform.FlatQuant,
        bias,
        false);
  }

  /** Embedding or head, which are rounded to nearest on a symmetric grid. */
  public static LayerScheme ofTable(WeightScheme scheme) {
    return LayerScheme.dense(
        scheme.bits(), scheme.groupSize(), scheme.grid().symmetric(), Inputs.FLOAT, false);
  }

  private static Storage storage(Recipe recipe) {
    return switch (recipe.rounding()) {
      case org.bitatlas.quant.method.Rounding.Billm _ -> Storage.BINARY;
      case org.bitatlas.quant.method.Rounding.SlimLlm _ -> Storage.MIXED_GROUPS;
      default -> Storage.GRID;
    };
  }

  /** How the inputs of linear layers are rounded. */
  public static Inputs inputs(Recipe recipe) {
    ActivationPolicy policy = recipe.activations();
    if (policy.bits() == ActivationPolicy.FLOAT_BITS) {
      return Inputs.FLOAT;
    }
    Rounding rounding =
        switch (policy.granularity()) {
          case DYNAMIC_TOKEN -> Rounding.DYNAMIC_TOKEN;
          case DYNAMIC_TENSOR -> Rounding.DYNAMIC_TENSOR;
          case STATIC_TENSOR -> Rounding.STATIC_TENSOR;
        };
    return new Inputs(rounding, policy.bits(), policy.symmetric());
  }

  /** What no serving stack computes, as phrases; empty where there is none of it. */
  public static List<String> simulatedOnly(Recipe recipe) {
    List<String> phrases = new ArrayList<>();
    switch (storage(recipe)) {
      case BINARY -> phrases.add("BiLLM has no format that a serving stack loads");
      case MIXED_GROUPS -> phrases.add("SliM-LLM has no format that a serving stack loads");
      case GRID -> {}
    }
    ActivationPolicy policy = recipe.activations();
    if (policy.outputBits() != ActivationPolicy.FLOAT_BITS) {
      phrases.add("no serving stack rounds the outputs of q, k and v");
    }
    if (policy.keyBits() != ActivationPolicy.FLOAT_BITS
        || policy.valueBits() != ActivationPolicy.FLOAT_BITS) {
      phrases.add("no serving stack rounds keys and values by token and head");
    }
    return List.copyOf(phrases);
  }

  /** Whether the columns of a group are not neighbours: groups formed in the order of the sweep. */
  public static boolean scattered(Recipe recipe) {
    return switch (recipe.rounding()) {
      case org.bitatlas.quant.method.Rounding.Gptq gptq -> gptq.actOrder() && !gptq.staticGroups();
      case org.bitatlas.quant.method.Rounding.Gptaq gptaq ->
          gptaq.sweep().actOrder() && !gptaq.sweep().staticGroups();
      default -> false;
    };
  }

  /** How many blocks a recipe gives layers bits in by their full names. */
  public static int namedBlocks(Recipe recipe) {
    if (!(recipe.allocation() instanceof BitAllocation.PerLayer perLayer)) {
      return 0;
    }
    return (int)
        perLayer.schemes().stream()
            .map(scheme -> BLOCK.matcher(scheme.part()))
            .filter(Matcher::find)
            .map(matcher -> matcher.group(1))
            .distinct()
            .count();
  }
}
