package org.bitatlas.kernel;

/**
 * Y [M x N] = X W^T with float activations, as {@link WeightOnlyRows} defines it. Made once per
 * layer; a call allocates nothing.
 */
public final class WeightOnlyProduct implements TileTask {

  private final RowKernels kernels;
  private final WeightOnlyRows weights;
  private final int maxRows;
  private final float[] ordered;
  private final float[] groupSums;
  private int rows;
  private float[] output = {};

  /**
   * A product with no input yet.
   *
   * @param maxRows most rows of activations
   */
  public WeightOnlyProduct(RowKernels kernels, WeightOnlyRows weights, int maxRows) {
    this.kernels = kernels;
    this.weights = weights;
    this.maxRows = maxRows;
    this.ordered = new float[Math.multiplyExact(maxRows, weights.inputFeatures())];
    this.groupSums = new float[maxRows * weights.groups().count()];
  }

  /**
   * Takes the input and the place of the result; the tiles are to be run next.
   *
   * @param activations [M x K], from {@code offset} on
   * @param newRows M
   * @param result [M x N]
   */
  public WeightOnlyProduct begin(float[] activations, int offset, int newRows, float[] result) {
    weights.requireOpen();
    if (newRows < 1 || newRows > maxRows) {
      throw new IllegalArgumentException(newRows + " rows, room for 1 to " + maxRows);
    }
    if (result.length < newRows * weights.outputFeatures()) {
      throw new IllegalArgumentException("a result of " + result.length + " values is too short");
    }
    rows = newRows;
    output = result;
    ColumnGroups groups = weights.groups();
    int columns = groups.columns();
    if (groups.reordered()) {
      for (int row = 0; row < rows; row++) {
        for (int k = 0; k < columns; k++) {
          ordered[row * columns + k] = activations[offset + row * columns + groups.column(k)];
        }
      }
    } else {
      System.arraycopy(activations, offset, ordered, 0, rows * columns);
    }
    if (weights instanceof AffineRows affine && affine.offsets().isPresent()) {
      for (int row = 0; row < rows; row++) {
        for (int group = 0; group < groups.count(); group++) {
          groupSums[row * groups.count() + group] =
              sum(row * columns + groups.start(group), groups.width(group));
        }
      }
    }
    return this;
  }

  /** Sum of activations in four chains, the column p of a group in chain p mod 4. */
  private float sum(int from, int count) {
    float c0 = 0;
    float c1 = 0;
    float c2 = 0;
    float c3 = 0;
    int k = 0;
    for (; k + 4 <= count; k += 4) {
      c0 += ordered[from + k];
      c1 += ordered[from + k + 1];
      c2 += ordered[from + k + 2];
      c3 += ordered[from + k + 3];
    }
    c0 += k < count ? ordered[from + k] : 0;
    c1 += k + 1 < count ? ordered[from + k + 1] : 0;
    c2 += k + 2 < count ? ordered[from + k + 2] : 0;
    return (c0 + c1) + (c2 + c3);
  }

  @Override
  public int tileCount() {
    return weights.tileCount();
  }

  @Override
  public void runTile(int tile, RowScratch scratch) {
    weights.requireOpen();
    int groups = weights.groups().count();
    float[] sums = scratch.floatSums(rows * groups * Panels.ROWS);
    int first = tile * weights.panelsPerTile();
    int end = Math.min(first + weights.panelsPerTile(), Panels.count(weights.outputFeatures()));
    for (int panel = first; panel < end; panel++) {
      kernels.floatSums(weights, panel, ordered, rows, scratch);
      for (int row = 0; row < rows; row++) {
        int from = row * groups * Panels.ROWS;
        if (weights instanceof AffineRows affine) {
          kernels.combine(affine, panel, sums, from, groupSums, row * groups, scratch.results);
        } else {
          PanelResults.add(sums, from, groups, scratch.results);
        }
        PanelResults.copy(scratch.results, panel, row, weights.outputFeatures(), output);
      }
    }
  }
}
