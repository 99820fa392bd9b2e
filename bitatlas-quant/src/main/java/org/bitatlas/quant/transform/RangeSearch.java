package org.bitatlas.quant.transform;

import java.util.Arrays;
import org.bitatlas.quant.method.Transform.Awq;
import org.bitatlas.quant.rounding.Tiles;
import org.bitatlas.tensor.NativeRuntime;

/**
 * AWQ's weight clipping: for every row and group the largest magnitude m of least error of the
 * group's partial output, among the first half of m0 (1 - i / n). The stored weight is clamped to
 * -m .. m whatever the grid.
 */
final class RangeSearch {

  private static final int ROW_TILE = 64;

  private final Awq options;
  private final GroupRounding rounding;
  private final int steps;
  private final Tiles tiles;

  RangeSearch(Awq options, GroupRounding rounding, Tiles tiles) {
    this.options = options;
    this.rounding = rounding;
    this.steps = (int) (options.maxShrink() * options.clipSteps());
    this.tiles = tiles;
  }

  /**
   * Searches the ranges of one linear.
   *
   * @param weight W [N x K], scaled
   * @param outputs measure over its inputs, divided by the scales
   * @return m [N x G]
   */
  float[] maxima(float[] weight, GroupOutputs outputs) {
    int rows = weight.length / rounding.columns();
    float[] maxima = new float[rows * rounding.groups()];
    tiles.forEach(
        (rows + ROW_TILE - 1) / ROW_TILE,
        tile -> {
          NativeRuntime.useSingleThread();
          int first = tile * ROW_TILE;
          search(weight, first, Math.min(first + ROW_TILE, rows), outputs, maxima);
        });
    return maxima;
  }

  private void search(float[] weight, int first, int last, GroupOutputs outputs, float[] maxima) {
    int groups = rounding.groups();
    int count = last - first;
    float[] widest = new float[count * groups];
    float[] least = new float[count * groups];
    Arrays.fill(least, Float.POSITIVE_INFINITY);
    for (int cell = 0; cell < widest.length; cell++) {
      int row = first + cell / groups;
      widest[cell] = largest(weight, row, cell % groups);
      maxima[first * groups + cell] = widest[cell];
    }
    float[] differences = new float[count * outputs.paddedColumns()];
    for (int step = 0; step < steps; step++) {
      float factor = (float) (1 - (double) step / options.clipSteps());
      for (int cell = 0; cell < widest.length; cell++) {
        int at = cell / groups * outputs.paddedColumns();
        int row = first + cell / groups;
        change(weight, row, cell % groups, widest[cell] * factor, differences, at);
      }
      float[] errors = outputs.errors(differences);
      for (int cell = 0; cell < widest.length; cell++) {
        float error = errors[cell % groups * count + cell / groups];
        if (error < least[cell]) {
          least[cell] = error;
          maxima[first * groups + cell] = widest[cell] * factor;
        }
      }
    }
  }

  private float largest(float[] weight, int row, int group) {
    int at = row * rounding.columns();
    float largest = 0;
    for (int k = at + rounding.start(group); k < at + rounding.start(group + 1); k++) {
      largest = Math.max(largest, Math.abs(weight[k]));
    }
    return largest;
  }

  /** Rounded clamped weights minus the weights, for one row and group. */
  private void change(
      float[] weight, int row, int group, float maximum, float[] target, int targetAt) {
    int source = row * rounding.columns();
    int from = rounding.start(group);
    int to = rounding.start(group + 1);
    for (int k = from; k < to; k++) {
      target[targetAt + k] = Math.clamp(weight[source + k], -maximum, maximum);
    }
    rounding.fitter().roundInPlace(target, targetAt + from, targetAt + to);
    for (int k = from; k < to; k++) {
      target[targetAt + k] -= weight[source + k];
    }
  }

  /** The weights with every group clamped to its range. */
  float[] clamped(float[] weight, float[] maxima) {
    float[] clamped = weight.clone();
    int groups = rounding.groups();
    for (int cell = 0; cell < maxima.length; cell++) {
      int at = cell / groups * rounding.columns();
      int group = cell % groups;
      for (int k = at + rounding.start(group); k < at + rounding.start(group + 1); k++) {
        clamped[k] = Math.clamp(clamped[k], -maxima[cell], maxima[cell]);
      }
    }
    return clamped;
  }
}
