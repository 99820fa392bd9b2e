package org.bitatlas.quant.transform.flatquant;

/**
 * Random orthogonal matrices, uniform over all of them (Haar measure): Q of the QR factorization of
 * a Gaussian matrix with a positive diagonal of R, by the method of Gram and Schmidt.
 */
final class RandomOrthogonal {

  private RandomOrthogonal() {}

  /** A matrix [n x n], row-major, rounded to fp32. */
  static float[] matrix(int size, NumpyGaussians random) {
    double[][] columns = new double[size][size];
    for (int i = 0; i < size; i++) {
      for (int j = 0; j < size; j++) {
        columns[j][i] = random.next();
      }
    }
    for (int j = 0; j < size; j++) {
      // A second pass removes what rounding left of the projections.
      removeProjections(columns, j);
      removeProjections(columns, j);
      normalise(columns[j]);
    }
    float[] matrix = new float[size * size];
    for (int j = 0; j < size; j++) {
      for (int i = 0; i < size; i++) {
        matrix[i * size + j] = (float) columns[j][i];
      }
    }
    return matrix;
  }

  private static void removeProjections(double[][] columns, int last) {
    for (int j = 0; j < last; j++) {
      double product = dot(columns[j], columns[last]);
      for (int i = 0; i < columns.length; i++) {
        columns[last][i] -= product * columns[j][i];
      }
    }
  }

  private static void normalise(double[] column) {
    double length = Math.sqrt(dot(column, column));
    for (int i = 0; i < column.length; i++) {
      column[i] /= length;
    }
  }

  private static double dot(double[] one, double[] other) {
    double sum = 0;
    for (int i = 0; i < one.length; i++) {
      sum += one[i] * other[i];
    }
    return sum;
  }
}
