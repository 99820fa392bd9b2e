package org.bitatlas.quant.transform;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.DecoderBlock;
import org.bitatlas.model.InputGroup;
import org.bitatlas.quant.method.Transform.Awq;
import org.bitatlas.quant.rounding.Tiles;

/** AWQ's search for the scales of one group of linears: the ratio of least output error. */
final class ScaleSearch {

  private final Awq options;
  private final GroupRounding rounding;
  private final List<float[]> weights = new ArrayList<>();
  private final List<Boolean> rounded = new ArrayList<>();
  private final int size;
  private final Tiles tiles;
  private final String name;

  /**
   * A search.
   *
   * @param group the linears that share the input
   * @param roundedOnes the linears of the block that will be rounded; others keep their weights
   */
  ScaleSearch(
      DecoderBlock block,
      InputGroup group,
      Set<Projection> roundedOnes,
      Awq options,
      GroupRounding rounding,
      Tiles tiles) {
    this.options = options;
    this.rounding = rounding;
    this.tiles = tiles;
    this.name = Modules.of(group);
    int total = 0;
    for (Projection projection : group.projections()) {
      float[] weight = block.weight(projection);
      weights.add(weight);
      rounded.add(roundedOnes.contains(projection));
      total += weight.length;
    }
    this.size = total;
  }

  /**
   * What was found.
   *
   * @param step index of the ratio chosen
   * @param ratio the ratio
   * @param scales s [K]
   * @param losses output error of every ratio 0, 1 / n, .. (n - 1) / n
   */
  record Found(int step, double ratio, float[] scales, double[] losses) {}

  /**
   * Tries every ratio; of equal ones the smallest wins.
   *
   * @param means mean |x| [K]
   * @param listener told after every ratio
   * @return empty when no ratio has a finite error
   */
  Optional<Found> search(float[] means, OutputError error, SearchListener listener) {
    ScaleCandidates candidates = new ScaleCandidates(means, relativeMagnitudes());
    double[] losses = new double[options.gridSteps()];
    float[] candidate = new float[size];
    double least = Double.POSITIVE_INFINITY;
    Optional<Found> best = Optional.empty();
    for (int step = 0; step < losses.length; step++) {
      double ratio = (double) step / losses.length;
      float[] scales = candidates.of(ratio);
      fill(candidate, scales);
      losses[step] = error.of(candidate);
      listener.stepped("scales of " + name, step + 1, losses.length);
      if (losses[step] < least) {
        least = losses[step];
        best = Optional.of(new Found(step, ratio, scales, losses));
      }
    }
    return best;
  }

  private Optional<float[]> relativeMagnitudes() {
    return options.duoScaling()
        ? Optional.of(
            ScaleCandidates.relativeMagnitudes(weights, rounding.columns(), rounding.groupSize()))
        : Optional.empty();
  }

  private void fill(float[] candidate, float[] scales) {
    int at = 0;
    for (int i = 0; i < weights.size(); i++) {
      float[] weight = weights.get(i);
      if (rounded.get(i)) {
        rounding.roundScaled(weight, scales, candidate, at, tiles);
      } else {
        System.arraycopy(weight, 0, candidate, at, weight.length);
      }
      at += weight.length;
    }
  }
}
