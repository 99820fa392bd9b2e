package org.bitatlas.quant.transform;

import org.bitatlas.quant.method.WeightScheme;
import org.bitatlas.quant.rounding.GridFitter;
import org.bitatlas.quant.rounding.Tiles;

/**
 * Rounds candidate weights to nearest on a recipe's grid, without keeping codes.
 *
 * @param fitter the grid
 * @param columns K
 * @param groupSize columns that share a scale, 1 to K; the last group may have fewer
 */
record GroupRounding(GridFitter fitter, int columns, int groupSize) {

  private static final int ROW_TILE = 64;

  static GroupRounding of(WeightScheme scheme, int columns) {
    int groupSize = scheme.groupSize() == 0 ? columns : Math.min(scheme.groupSize(), columns);
    return new GroupRounding(GridFitter.of(scheme), columns, groupSize);
  }

  /** Groups of a row. */
  int groups() {
    return (columns + groupSize - 1) / groupSize;
  }

  /** First column of a group; that of the group after the last is K. */
  int start(int group) {
    return Math.min(group * groupSize, columns);
  }

  /**
   * Q(W diag(s)) diag(s)^-1: what a linear computes with when its inputs are divided by s.
   *
   * @param weight W [N x K]
   * @param scales s [K]
   * @param target the result [N x K] goes here
   * @param targetAt from this element on
   */
  void roundScaled(float[] weight, float[] scales, float[] target, int targetAt, Tiles tiles) {
    int rows = weight.length / columns;
    tiles.forEach(
        (rows + ROW_TILE - 1) / ROW_TILE,
        tile -> {
          float[] row = new float[columns];
          for (int n = tile * ROW_TILE; n < Math.min((tile + 1) * ROW_TILE, rows); n++) {
            int at = n * columns;
            for (int k = 0; k < columns; k++) {
              row[k] = weight[at + k] * scales[k];
            }
            for (int group = 0; group < groups(); group++) {
              fitter.roundInPlace(row, start(group), start(group + 1));
            }
            for (int k = 0; k < columns; k++) {
              target[targetAt + at + k] = row[k] / scales[k];
            }
          }
        });
  }
}
