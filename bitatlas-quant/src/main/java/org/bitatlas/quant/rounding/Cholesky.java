package org.bitatlas.quant.rounding;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.NativeRuntime;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * Blocked Cholesky factorization A = L L^T and the inverse of L, in fp64. LAPACK factors the blocks
 * on the diagonal, everything else is matrix products of fixed tiles on one thread each, so that
 * the result does not depend on the number of threads.
 */
final class Cholesky {

  /** Rows and columns of a block. */
  static final int BLOCK = 256;

  private final int size;
  private final Tensor matrix;
  private final Tiles tiles;
  private final List<Tensor> diagonalInverses = new ArrayList<>();

  /** Rows of a symmetric matrix. */
  interface Rows {
    /** Puts A[row][0 .. row] at {@code target[at ..]}. */
    void copy(int row, double[] target, int at);
  }

  private Cholesky(int size, Rows rows, Tiles tiles) {
    this.size = size;
    this.tiles = tiles;
    this.matrix = Tensor.empty(ElementType.F64, size, size);
    for (int block = 0; block < blocks(); block++) {
      int from = start(block);
      double[] values = new double[Math.multiplyExact(end(block) - from, size)];
      for (int row = from; row < end(block); row++) {
        rows.copy(row, values, (row - from) * size);
      }
      try (TensorScope _ = TensorScope.open()) {
        tile(block, 0, size).copyFrom(Tensor.fromDoubles(values, end(block) - from, size));
      }
    }
  }

  /**
   * L^-1 with rows and columns in reverse order, rounded to fp32: upper triangular, zeros below.
   *
   * @param size n
   * @param rows A [n x n], finite
   * @return [n x n], row-major; empty when A is not positive definite
   */
  static Optional<float[]> reversedInverse(int size, Rows rows, Tiles tiles) {
    try (TensorScope _ = TensorScope.open()) {
      Cholesky factor = new Cholesky(size, rows, tiles);
      return factor.factor() ? Optional.of(factor.reversedInverse()) : Optional.empty();
    }
  }

  private boolean factor() {
    for (int block = 0; block < blocks(); block++) {
      int column = block;
      int below = blocks() - block;
      if (block > 0) {
        tiles.forEach(below, tile -> subtractBefore(column + tile, column));
      }
      Optional<Tensor> lower = tile(block, start(block), end(block)).choleskyIfPositiveDefinite();
      if (lower.isEmpty()) {
        return false;
      }
      tile(block, start(block), end(block)).copyFrom(lower.get());
      int width = end(block) - start(block);
      Tensor inverse = lower.get().solveLowerTriangular(Tensor.identity(ElementType.F64, width));
      diagonalInverses.add(inverse);
      tiles.forEach(below - 1, tile -> multiplyByInverse(column + 1 + tile, column));
    }
    return true;
  }

  /** A[row][column] minus L[row][..] L[column][..]^T over the block columns before it. */
  private void subtractBefore(int row, int column) {
    NativeRuntime.useSingleThread();
    try (TensorScope _ = TensorScope.open()) {
      Tensor product =
          tile(row, 0, start(column)).matmul(tile(column, 0, start(column)).transpose(0, 1));
      Tensor target = tile(row, start(column), end(column));
      target.copyFrom(target.sub(product));
    }
  }

  private void multiplyByInverse(int row, int column) {
    NativeRuntime.useSingleThread();
    try (TensorScope _ = TensorScope.open()) {
      Tensor target = tile(row, start(column), end(column));
      target.copyFrom(target.matmul(diagonalInverses.get(column).transpose(0, 1)));
    }
  }

  private float[] reversedInverse() {
    float[] upper = new float[Math.multiplyExact(size, size)];
    tiles.forEach(blocks(), block -> invertColumns(block, upper));
    return upper;
  }

  /** One block column of L^-1 by forward substitution. */
  private void invertColumns(int column, float[] upper) {
    NativeRuntime.useSingleThread();
    int from = start(column);
    int width = end(column) - from;
    try (TensorScope _ = TensorScope.open()) {
      Tensor solved = Tensor.empty(ElementType.F64, size - from, width);
      for (int row = column; row < blocks(); row++) {
        try (TensorScope _ = TensorScope.open()) {
          Tensor values = diagonalInverses.get(row);
          if (row > column) {
            Tensor before = solved.narrow(0, 0, start(row) - from);
            values = values.matmul(tile(row, from, start(row)).matmul(before)).mul(-1);
          }
          solved.narrow(0, start(row) - from, end(row) - start(row)).copyFrom(values);
          store(values.toDoubles(), row, from, width, upper);
        }
      }
    }
  }

  private void store(double[] values, int block, int column, int width, float[] upper) {
    for (int row = start(block); row < end(block); row++) {
      int source = (row - start(block)) * width;
      int target = (size - 1 - row) * size + size - 1 - column;
      for (int k = 0; k < width && column + k <= row; k++) {
        upper[target - k] = (float) values[source + k];
      }
    }
  }

  private Tensor tile(int block, int from, int to) {
    return matrix.narrow(0, start(block), end(block) - start(block)).narrow(1, from, to - from);
  }

  private int blocks() {
    return Math.ceilDiv(size, BLOCK);
  }

  private static int start(int block) {
    return block * BLOCK;
  }

  private int end(int block) {
    return Math.min(size, start(block) + BLOCK);
  }
}
