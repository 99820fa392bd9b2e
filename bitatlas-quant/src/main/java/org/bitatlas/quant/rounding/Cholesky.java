package org.bitatlas.quant.rounding;

/**
 * Blocked Cholesky factorization and triangular inverse in fp64, row-major. Loops run over
 * contiguous rows so that the compiler vectorises them; sums have a fixed order whatever the number
 * of threads.
 */
final class Cholesky {

  private static final int PANEL = 64;
  private static final int ROW_TILE = 16;
  private static final int COLUMN_TILE = 128;

  private Cholesky() {}

  /**
   * Factors A = R^T R in place: the upper triangle of {@code matrix} becomes R; the strict lower
   * triangle is neither read nor written.
   *
   * @param matrix [n x n]
   * @return whether A is positive definite; the matrix is spoiled when not
   */
  static boolean factorUpper(double[] matrix, int n, Tiles tiles) {
    for (int start = 0; start < n; start += PANEL) {
      int end = Math.min(start + PANEL, n);
      if (!factorPanel(matrix, n, start, end)) {
        return false;
      }
      int from = start;
      tiles.forEach(
          (n - end + ROW_TILE - 1) / ROW_TILE,
          tile -> {
            int first = end + tile * ROW_TILE;
            for (int row = first; row < Math.min(first + ROW_TILE, n); row++) {
              subtractPanel(matrix, n, from, end, row);
            }
          });
    }
    return true;
  }

  private static boolean factorPanel(double[] matrix, int n, int start, int end) {
    for (int k = start; k < end; k++) {
      int rowK = k * n;
      double pivot = matrix[rowK + k];
      if (!(pivot > 0) || Double.isInfinite(pivot)) {
        return false;
      }
      double root = Math.sqrt(pivot);
      for (int j = k; j < n; j++) {
        matrix[rowK + j] /= root;
      }
      for (int i = k + 1; i < end; i++) {
        double factor = matrix[rowK + i];
        int rowI = i * n;
        for (int j = i; j < n; j++) {
          matrix[rowI + j] -= factor * matrix[rowK + j];
        }
      }
    }
    return true;
  }

  /** Row {@code row} of the trailing matrix minus the panel's contribution. */
  private static void subtractPanel(double[] matrix, int n, int start, int end, int row) {
    int target = row * n;
    int k = start;
    for (; k + 4 <= end; k += 4) {
      int row0 = k * n;
      int row1 = row0 + n;
      int row2 = row1 + n;
      int row3 = row2 + n;
      double factor0 = matrix[row0 + row];
      double factor1 = matrix[row1 + row];
      double factor2 = matrix[row2 + row];
      double factor3 = matrix[row3 + row];
      for (int j = row; j < n; j++) {
        matrix[target + j] -=
            factor0 * matrix[row0 + j]
                + factor1 * matrix[row1 + j]
                + factor2 * matrix[row2 + j]
                + factor3 * matrix[row3 + j];
      }
    }
    for (; k < end; k++) {
      double factor = matrix[k * n + row];
      for (int j = row; j < n; j++) {
        matrix[target + j] -= factor * matrix[k * n + j];
      }
    }
  }

  /**
   * U = J L^-1 J with L = R^T and J the reversal of rows and columns, rounded to fp32: upper
   * triangular, zeros below.
   *
   * @param factor [n x n], R in its upper triangle; its lower triangle is overwritten
   */
  static float[] reversedInverse(double[] factor, int n, Tiles tiles) {
    mirror(factor, n);
    float[] upper = new float[n * n];
    tiles.forEach(
        (n + COLUMN_TILE - 1) / COLUMN_TILE,
        tile -> {
          int first = tile * COLUMN_TILE;
          invertColumns(factor, n, first, Math.min(first + COLUMN_TILE, n), upper);
        });
    return upper;
  }

  /** Copies the upper triangle to the lower one, in square blocks. */
  private static void mirror(double[] matrix, int n) {
    for (int i0 = 0; i0 < n; i0 += PANEL) {
      for (int j0 = i0; j0 < n; j0 += PANEL) {
        for (int i = i0; i < Math.min(i0 + PANEL, n); i++) {
          for (int j = Math.max(j0, i + 1); j < Math.min(j0 + PANEL, n); j++) {
            matrix[j * n + i] = matrix[i * n + j];
          }
        }
      }
    }
  }

  /** Columns first .. last of L^-1 by forward substitution, written reversed. */
  private static void invertColumns(double[] lower, int n, int first, int last, float[] upper) {
    int width = last - first;
    double[] solved = new double[(n - first) * width];
    for (int i = first; i < n; i++) {
      int target = (i - first) * width;
      int row = i * n;
      int k = first;
      for (; k + 4 <= i; k += 4) {
        double factor0 = lower[row + k];
        double factor1 = lower[row + k + 1];
        double factor2 = lower[row + k + 2];
        double factor3 = lower[row + k + 3];
        int source = (k - first) * width;
        for (int c = 0; c < width; c++) {
          solved[target + c] -=
              factor0 * solved[source + c]
                  + factor1 * solved[source + width + c]
                  + factor2 * solved[source + 2 * width + c]
                  + factor3 * solved[source + 3 * width + c];
        }
      }
      for (; k < i; k++) {
        double factor = lower[row + k];
        int source = (k - first) * width;
        for (int c = 0; c < width; c++) {
          solved[target + c] -= factor * solved[source + c];
        }
      }
      if (i < last) {
        solved[target + i - first] += 1;
      }
      double pivot = lower[row + i];
      int reversedRow = (n - 1 - i) * n;
      for (int c = 0; c < width; c++) {
        solved[target + c] /= pivot;
        upper[reversedRow + n - 1 - first - c] = (float) solved[target + c];
      }
    }
  }
}
