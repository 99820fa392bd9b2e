package org.bitatlas.quant.rounding;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * Finds the structure of one block of BiLLM (Huang et al. 2024, sections 3.2 and 3.3): how many of
 * the most salient columns get a second binarization, and at which magnitude the weights of the
 * other columns are split in two groups. While columns are counted the others are binarized twice
 * too: two binarizations have as many levels as two groups. Rows are taken in tiles whose sums are
 * added in order.
 */
final class SalientSearch {

  private static final int ROW_TILE = 32;
  private static final int MOST_SALIENT = 50;
  private static final int LOWEST_PERCENTILE = 10;
  private static final int HIGHEST_PERCENTILE = 90;

  private final float[] values;
  private final double[] importance;
  private final int rows;
  private final int width;
  private final boolean countsSalientZeros;
  private final Tiles tiles;

  /**
   * A search in one block.
   *
   * @param values what is binarized in the search [rows x width]
   * @param importance [width] what a squared error in each column counts
   * @param countsSalientZeros whether percentiles are of all weights, the salient ones as zeros
   */
  SalientSearch(float[] values, double[] importance, boolean countsSalientZeros, Tiles tiles) {
    this.values = values;
    this.importance = importance;
    this.width = importance.length;
    this.rows = values.length / width;
    this.countsSalientZeros = countsSalientZeros;
    this.tiles = tiles;
  }

  /**
   * The structure found.
   *
   * @param salient [width] whether a column is salient
   * @param salientColumns how many are
   * @param threshold split; group 2 holds the magnitudes of at least it
   */
  record Structure(boolean[] salient, int salientColumns, double threshold) {}

  /**
   * Searches the block.
   *
   * @param salience of its columns [width]
   */
  Structure find(double[] salience) {
    int[] order =
        IntStream.range(0, width)
            .boxed()
            .sorted(Comparator.comparing((Integer k) -> salience[k]).reversed())
            .mapToInt(Integer::intValue)
            .toArray();
    int count = bestCount(order);
    boolean[] salient = new boolean[width];
    for (int i = 0; i < count; i++) {
      salient[order[i]] = true;
    }
    return new Structure(salient, count, bestThreshold(salient));
  }

  /** The number of salient columns of least error; of equal ones the smallest. */
  private int bestCount(int[] order) {
    int candidates = Math.min(MOST_SALIENT, width) - 1;
    if (candidates < 1) {
      return width;
    }
    double[] weights = new double[width];
    Arrays.setAll(weights, i -> importance[order[i]]);
    double[] errors =
        sumOverRows(
            candidates,
            (row, sums) -> {
              double[] ordered = new double[width];
              double[] running = new double[width + 1];
              for (int i = 0; i < width; i++) {
                ordered[i] = values[row * width + order[i]];
                running[i + 1] = running[i] + ordered[i];
              }
              for (int count = 1; count <= candidates; count++) {
                sums[count - 1] +=
                    errorOfTwo(ordered, running, weights, 0, count)
                        + errorOfTwo(ordered, running, weights, count, width);
              }
            });
    return 1 + firstLeast(errors);
  }

  /** Weighted squared error of binarizing a range twice. */
  private static double errorOfTwo(
      double[] values, double[] running, double[] weights, int from, int to) {
    int count = to - from;
    double mean = (running[to] - running[from]) / count;
    double distance = 0;
    int above = 0;
    for (int i = from; i < to; i++) {
      double centred = values[i] - mean;
      distance += Math.abs(centred);
      above += centred >= 0 ? 1 : 0;
    }
    double scale = distance / count;
    // The centred values sum to zero, so the mean of what is left is that of the signs.
    double restMean = -scale * (2.0 * above - count) / count;
    double restDistance = 0;
    for (int i = from; i < to; i++) {
      double centred = values[i] - mean;
      double rest = (centred >= 0 ? centred - scale : centred + scale) - restMean;
      restDistance += Math.abs(rest);
    }
    double restScale = restDistance / count;
    double error = 0;
    for (int i = from; i < to; i++) {
      double centred = values[i] - mean;
      double rest = (centred >= 0 ? centred - scale : centred + scale) - restMean;
      double left = Math.abs(rest) - restScale;
      error += weights[i] * left * left;
    }
    return error;
  }

  /** The percentile of the other columns' magnitudes of least error. */
  private double bestThreshold(boolean[] salient) {
    boolean[] others = new boolean[width];
    for (int k = 0; k < width; k++) {
      others[k] = !salient[k];
    }
    double[] thresholds = thresholds(salient);
    double[] errors =
        sumOverRows(
            thresholds.length,
            (row, sums) -> {
              float[] rowValues = Arrays.copyOfRange(values, row * width, (row + 1) * width);
              SplitRow split = new SplitRow(rowValues, others, importance);
              for (int i = 0; i < thresholds.length; i++) {
                sums[i] += split.error(thresholds[i]);
              }
            });
    return thresholds[firstLeast(errors)];
  }

  private double[] thresholds(boolean[] salient) {
    float[] magnitudes = new float[rows * width];
    int count = 0;
    for (int row = 0; row < rows; row++) {
      for (int k = 0; k < width; k++) {
        if (!salient[k]) {
          magnitudes[count++] = Math.abs(values[row * width + k]);
        } else if (countsSalientZeros) {
          magnitudes[count++] = 0;
        }
      }
    }
    Arrays.sort(magnitudes, 0, count);
    double[] thresholds = new double[HIGHEST_PERCENTILE - LOWEST_PERCENTILE + 1];
    if (count == 0) {
      return thresholds;
    }
    for (int i = 0; i < thresholds.length; i++) {
      double rank = (LOWEST_PERCENTILE + i) / 100.0 * (count - 1);
      int below = (int) rank;
      int above = Math.min(below + 1, count - 1);
      double step = (double) magnitudes[above] - magnitudes[below];
      thresholds[i] = magnitudes[below] + (rank - below) * step;
    }
    return thresholds;
  }

  private interface RowSums {
    void add(int row, double[] sums);
  }

  private double[] sumOverRows(int candidates, RowSums rowSums) {
    double[] total = new double[candidates];
    tiles.mapInOrder(
        (rows + ROW_TILE - 1) / ROW_TILE,
        tile -> {
          double[] sums = new double[candidates];
          int last = Math.min((tile + 1) * ROW_TILE, rows);
          for (int row = tile * ROW_TILE; row < last; row++) {
            rowSums.add(row, sums);
          }
          return sums;
        },
        sums -> {
          for (int i = 0; i < candidates; i++) {
            total[i] += sums[i];
          }
        });
    return total;
  }

  private static int firstLeast(double[] values) {
    int best = 0;
    for (int i = 1; i < values.length; i++) {
      best = values[i] < values[best] ? i : best;
    }
    return best;
  }
}
