package org.bitatlas.quant.transform;

import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * Measures what a change of weights does to the partial products of single groups of columns: the
 * mean over sampled tokens of (sum over the group of d x)^2, for every row and group. Groups of no
 * more columns than there are tokens go through their blocks of the Gram matrix, others through the
 * tokens; both are exact.
 */
final class GroupOutputs implements AutoCloseable {

  private final int groups;
  private final int groupSize;
  private final long tokens;
  private final boolean gram;
  private final Tensor matrix;

  /**
   * A measure.
   *
   * @param sample X [S x K]
   * @param columns K
   * @param groupSize columns of a group; the last may have fewer
   */
  GroupOutputs(float[] sample, int columns, int groupSize) {
    this.groupSize = groupSize;
    this.groups = (columns + groupSize - 1) / groupSize;
    this.tokens = sample.length / columns;
    this.gram = groupSize <= tokens;
    int padded = groups * groupSize;
    try (TensorScope _ = TensorScope.open()) {
      Tensor rows = Tensor.zeros(ElementType.F32, tokens, padded);
      rows.narrow(1, 0, columns).copyFrom(Tensor.from(sample, tokens, columns));
      Tensor transposed = rows.view(tokens, groups, groupSize).permute(1, 2, 0).contiguous();
      Tensor used = gram ? transposed.matmul(transposed.transpose(1, 2)) : transposed;
      matrix = used.unscoped();
    }
  }

  /** Columns of a row with the last group filled up: G * groupSize. */
  int paddedColumns() {
    return groups * groupSize;
  }

  /**
   * The error of every row and group.
   *
   * @param differences D [n x G * groupSize], zeros behind the last column
   * @return [G x n]
   */
  float[] errors(float[] differences) {
    long rows = differences.length / paddedColumns();
    try (TensorScope _ = TensorScope.open()) {
      Tensor change =
          Tensor.from(differences, rows, groups, groupSize).transpose(0, 1).contiguous();
      Tensor products = change.matmul(matrix);
      Tensor squares = gram ? products.mulInPlace(change) : products.mulInPlace(products);
      return squares.sum(-1).div(tokens).toFloats();
    }
  }

  @Override
  public void close() {
    matrix.close();
  }
}
