package org.bitatlas.kernel;

/** Puts the results of a panel in their place. */
final class PanelResults {

  private PanelResults() {}

  /**
   * Adds the groups in order.
   *
   * @param sums [G x 32] from {@code from} on
   * @param results [32]
   */
  static void add(float[] sums, int from, int groups, float[] results) {
    System.arraycopy(sums, from, results, 0, Panels.ROWS);
    for (int group = 1; group < groups; group++) {
      for (int lane = 0; lane < Panels.ROWS; lane++) {
        results[lane] += sums[from + group * Panels.ROWS + lane];
      }
    }
  }

  /**
   * Copies the rows that exist.
   *
   * @param results [32]
   * @param row row of activations
   * @param outputFeatures N
   * @param output [M x N]
   */
  static void copy(float[] results, int panel, int row, int outputFeatures, float[] output) {
    int first = panel * Panels.ROWS;
    int count = Math.min(Panels.ROWS, outputFeatures - first);
    System.arraycopy(results, 0, output, row * outputFeatures + first, count);
  }
}
