package org.bitatlas.quant.transform.flatquant;

import java.util.function.Supplier;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;

/**
 * An invertible matrix and its inverse transposed, both functions of parameters. They are computed
 * in fp64: an inverse that is off would change what the block computes.
 *
 * @param matrix P [n x n], F64
 * @param inverseTransposed P^-T [n x n], F64
 */
record Factor(Tensor matrix, Tensor inverseTransposed) {

  /**
   * P = U diag(s) V^T with orthogonal U, V; P^-T = U diag(1 / s) V^T.
   *
   * @param rawU parameter of U, see {@link #orthogonal}
   * @param singularValues s [n]
   * @param rawV parameter of V
   */
  static Factor ofSingularValues(Tensor rawU, Tensor singularValues, Tensor rawV) {
    Tensor u = orthogonal(rawU);
    Tensor transposedV = orthogonal(rawV).transpose(0, 1);
    Tensor s = singularValues.to(ElementType.F64);
    return new Factor(u.mul(s).matmul(transposedV), u.mul(s.reciprocal()).matmul(transposedV));
  }

  /**
   * P is the parameter itself.
   *
   * @throws SingularException when it has no inverse
   */
  static Factor ofMatrix(Tensor parameter) {
    Tensor matrix = parameter.to(ElementType.F64);
    return new Factor(matrix, solved(matrix::inverse).transpose(0, 1));
  }

  /**
   * Cayley's map of the lower triangle of a matrix to an orthogonal one: A = tril(X) - tril(X)^T, Q
   * = (I - A / 2)^-1 (I + A / 2). The reference starts X at a random orthogonal matrix, so Q starts
   * at what that maps to.
   *
   * @param raw X [n x n]
   * @throws SingularException when I - A / 2 is singular, which takes values that are not finite
   */
  static Tensor orthogonal(Tensor raw) {
    Tensor low = raw.to(ElementType.F64).lowerTriangle();
    Tensor half = low.sub(low.transpose(0, 1)).mul(0.5);
    Tensor identity = identity((int) raw.size(0));
    return solved(() -> identity.sub(half).solve(identity.add(half)));
  }

  /** Training has left the invertible matrices. */
  static final class SingularException extends RuntimeException {
    SingularException(Throwable cause) {
      super("a transform has no inverse", cause);
    }
  }

  /** libtorch has one type of error; a matrix of the right shape fails only when singular. */
  private static Tensor solved(Supplier<Tensor> solution) {
    try {
      return solution.get();
    } catch (RuntimeException singular) {
      throw new SingularException(singular);
    }
  }

  private static Tensor identity(int size) {
    double[] values = new double[size * size];
    for (int i = 0; i < size; i++) {
      values[i * size + i] = 1;
    }
    return Tensor.fromDoubles(values, size, size);
  }
}
