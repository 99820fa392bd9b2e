package org.bitatlas.kernel;

/**
 * Y [M x N] = X W^T with integer activations and weights, as {@link IntegerRows} defines it. Made
 * once per layer; a call allocates nothing.
 */
public final class IntegerProduct implements TileTask {

  private final RowKernels kernels;
  private final IntegerRows weights;
  private final short[] ordered;
  private final int[] groupSums;
  private ActivationCodes input;
  private float[] output = {};

  /**
   * A product with no input yet.
   *
   * @param maxRows most rows of activations
   */
  public IntegerProduct(RowKernels kernels, IntegerRows weights, int maxRows) {
    this.kernels = kernels;
    this.weights = weights;
    this.input = new ActivationCodes(1, weights.inputFeatures());
    this.ordered =
        new short
            [weights.groups().reordered()
                ? maxRows * ActivationCodes.stride(weights.inputFeatures())
                : 0];
    this.groupSums = new int[weights.hasZeros() ? maxRows * weights.groups().count() : 0];
  }

  /**
   * Takes the input and the place of the result; the tiles are to be run next.
   *
   * @param activations [M x K]
   * @param result [M x N]
   */
  public IntegerProduct begin(ActivationCodes activations, float[] result) {
    weights.requireOpen();
    if (activations.columns() != weights.inputFeatures()) {
      throw new IllegalArgumentException(
          "%d activations for %d input features"
              .formatted(activations.columns(), weights.inputFeatures()));
    }
    if (result.length < activations.rows() * weights.outputFeatures()) {
      throw new IllegalArgumentException("a result of " + result.length + " values is too short");
    }
    input = activations;
    output = result;
    ColumnGroups groups = weights.groups();
    int stride = ActivationCodes.stride(groups.columns());
    for (int row = 0; row < activations.rows(); row++) {
      if (groups.reordered()) {
        for (int k = 0; k < groups.columns(); k++) {
          ordered[row * stride + k] = activations.codes()[row * stride + groups.column(k)];
        }
      }
      if (weights.hasZeros()) {
        for (int group = 0; group < groups.count(); group++) {
          int sum = 0;
          for (int k = groups.start(group); k < groups.start(group + 1); k++) {
            sum += codes()[row * stride + k];
          }
          groupSums[row * groups.count() + group] = sum;
        }
      }
    }
    return this;
  }

  private short[] codes() {
    return weights.groups().reordered() ? ordered : input.codes();
  }

  @Override
  public int tileCount() {
    return weights.tileCount();
  }

  @Override
  public void runTile(int tile, RowScratch scratch) {
    weights.requireOpen();
    int groups = weights.groups().count();
    int rows = input.rows();
    int[] sums = scratch.integerSums(rows * groups * Panels.ROWS);
    int first = tile * weights.panelsPerTile();
    int end = Math.min(first + weights.panelsPerTile(), Panels.count(weights.outputFeatures()));
    for (int panel = first; panel < end; panel++) {
      kernels.integerSums(weights, panel, codes(), rows, input.wide(), sums);
      for (int row = 0; row < rows; row++) {
        if (weights.hasZeros()) {
          subtractZeros(panel, row, sums);
        }
        int from = row * groups * Panels.ROWS;
        if (weights.hasSeconds()) {
          kernels.joinGroups(weights, panel, sums, from);
        }
        kernels.scale(weights, panel, sums, from, input.scale(row), scratch.results);
        PanelResults.copy(scratch.results, panel, row, weights.outputFeatures(), output);
      }
    }
  }

  private void subtractZeros(int panel, int row, int[] sums) {
    int groups = weights.groups().count();
    for (int group = 0; group < groups; group++) {
      int from = (row * groups + group) * Panels.ROWS;
      int groupSum = groupSums[row * groups + group];
      for (int lane = 0; lane < Panels.ROWS; lane++) {
        sums[from + lane] -= weights.zero(panel, group, lane) * groupSum;
      }
    }
  }
}
