package org.bitatlas.quant.rounding;

import java.util.Optional;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.Rounding.SlimLlm;
import org.bitatlas.scheme.MixedGroupLinear;

/**
 * Rounds a weight W [N x K] with bits by salience of groups (SliM-LLM, Huang et al. 2024, as
 * Aaronhuang-778/SliM-LLM does it): groups are ranked, the number of groups that lose and gain a
 * bit is the one whose outputs diverge least, then the columns are swept group by group.
 */
public final class MixedPrecision {

  /** Raised when the same weight, recipe, factors and inputs give other bits or codes. */
  public static final int BEHAVIOUR_VERSION = 2;

  private MixedPrecision() {}

  /**
   * A rounded layer.
   *
   * @param linear codes, scales and zero points or means; bits per group
   * @param loss sum of (w - q)^2 / (2 U[k][k]^2) over all weights, w as it was when rounded
   * @param exchanged how many groups lost a bit; as many gained one
   * @param divergences mean over samples of the divergence with 0, 1, .. groups exchanged
   * @param note what was done in place of what the recipe says, and why
   */
  public record Mixed(
      MixedGroupLinear linear,
      double loss,
      int exchanged,
      double[] divergences,
      Optional<String> note) {}

  /**
   * Rounds {@code weight}.
   *
   * @param weight W [N x K], row-major, finite; not changed
   * @param rows N
   * @param columns K
   * @param recipe a SliM-LLM recipe
   * @param factors U of the layer's inputs
   * @param bias [N]; only the reference's quirk looks at it
   * @param inputs of the layer, for the search of the bits
   */
  public static Mixed round(
      float[] weight,
      int rows,
      int columns,
      Recipe recipe,
      SalienceFactors factors,
      Optional<float[]> bias,
      LayerInputs inputs,
      Tiles tiles) {
    if (!(recipe.rounding() instanceof SlimLlm options)) {
      throw new IllegalArgumentException("not a SliM-LLM recipe: " + recipe.label());
    }
    boolean quirks = recipe.quirks();
    int bits = recipe.bits();
    int groupSize = GroupBits.admissibleSize(columns, recipe.groupSize());
    float[] live = withoutDead(weight, columns, factors.search());
    int[] ranked =
        GroupBits.ascending(GroupBits.salience(live, columns, groupSize, factors.search()));
    int samples =
        options.searchSamples() == 0
            ? inputs.samples()
            : Math.min(options.searchSamples(), inputs.samples());
    double[] divergences = {};
    int exchanged = 0;
    if (GroupBits.mostExchanged(ranked.length) > 0) {
      try (DivergenceSearch search =
          new DivergenceSearch(
              live,
              rows,
              columns,
              groupSize,
              ranked,
              bits,
              quirks ? bias : Optional.empty(),
              !quirks)) {
        divergences = mean(search.divergences(inputs, samples, tiles));
        exchanged = firstLeast(divergences, quirks ? 1 : 0);
      }
    }
    float[] swept = withoutDead(weight, columns, factors.sweep());
    int[] ascending =
        GroupBits.ascending(GroupBits.salience(swept, columns, groupSize, factors.sweep()));
    MixedGroupSweep.Rounded rounded =
        MixedGroupSweep.round(
            weight,
            columns,
            groupSize,
            GroupBits.of(ascending, bits, exchanged, exchanged),
            sweepOptions(recipe, options),
            factors.sweep(),
            tiles);
    return new Mixed(
        rounded.linear(), rounded.loss(), exchanged, divergences, note(columns, recipe, groupSize));
  }

  static MixedGroupSweep.Options sweepOptions(Recipe recipe, SlimLlm options) {
    return new MixedGroupSweep.Options(
        RangeSearch.AROUND,
        options.salientWeight(),
        recipe.quirks(),
        recipe.bits(),
        !recipe.quirks());
  }

  private static float[] withoutDead(float[] weight, int columns, InverseFactor factor) {
    float[] live = weight.clone();
    for (int i = 0; i < live.length; i++) {
      live[i] = factor.dead()[i % columns] ? 0 : live[i];
    }
    return live;
  }

  private static double[] mean(double[][] samples) {
    double[] mean = new double[samples.length == 0 ? 0 : samples[0].length];
    for (double[] sample : samples) {
      for (int m = 0; m < mean.length; m++) {
        mean[m] += sample[m] / samples.length;
      }
    }
    return mean;
  }

  private static int firstLeast(double[] values, int from) {
    int best = from;
    for (int i = from + 1; i < values.length; i++) {
      best = values[i] < values[best] ? i : best;
    }
    return best;
  }

  private static Optional<String> note(int columns, Recipe recipe, int groupSize) {
    int groups = Math.ceilDiv(columns, groupSize);
    if (groups < GroupBits.FEWEST_GROUPS) {
      return Optional.of(
          "%d columns are too few to exchange bits between groups; all have %d bits"
              .formatted(columns, recipe.bits()));
    }
    if (groupSize != recipe.groupSize()) {
      return Optional.of(
          "%d columns are fewer than %d groups of %d; groups of %d columns instead"
              .formatted(columns, GroupBits.FEWEST_GROUPS, recipe.groupSize(), groupSize));
    }
    return Optional.empty();
  }
}
