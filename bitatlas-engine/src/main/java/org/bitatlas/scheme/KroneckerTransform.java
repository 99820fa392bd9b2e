package org.bitatlas.scheme;

import java.util.Arrays;
import java.util.Optional;
import org.bitatlas.tensor.BitAtlasException;

/**
 * A transform of a linear's input that is applied while the model runs: x [L R] read as X [L x R],
 * row-major, becomes P_L^T X P_R (FlatQuant, section 3). The linear's stored weight carries the
 * inverse. An absent factor is the identity: with the heads as L and an absent right factor it
 * mixes heads.
 *
 * @param leftSize L
 * @param rightSize R
 * @param left P_L [L x L], row-major
 * @param right P_R [R x R], row-major
 */
public record KroneckerTransform(
    int leftSize, int rightSize, Optional<float[]> left, Optional<float[]> right) {

  /**
   * Checks the sizes.
   *
   * @throws BitAtlasException when a factor is not square of its size or not finite
   */
  public KroneckerTransform {
    require(left, leftSize);
    require(right, rightSize);
    if ((long) leftSize * rightSize > Integer.MAX_VALUE) {
      throw new BitAtlasException(
          "An online transform of %d x %d values is too large.".formatted(leftSize, rightSize));
    }
  }

  private static void require(Optional<float[]> factor, int size) {
    if (size < 1 || factor.filter(matrix -> matrix.length != (long) size * size).isPresent()) {
      throw new BitAtlasException(
          "A factor of an online transform is malformed: %d values for [%d x %d]."
              .formatted(factor.map(matrix -> matrix.length).orElse(0), size, size));
    }
    for (float value : factor.orElseGet(() -> new float[0])) {
      if (!Float.isFinite(value)) {
        throw new BitAtlasException("A factor of an online transform is not finite.");
      }
    }
  }

  /** Width of the inputs it applies to. */
  public int size() {
    return leftSize * rightSize;
  }

  /** Bytes of the stored factors. */
  public long storedBytes() {
    return Float.BYTES
        * (long) (left.map(f -> f.length).orElse(0) + right.map(f -> f.length).orElse(0));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof KroneckerTransform that
        && leftSize == that.leftSize
        && rightSize == that.rightSize
        && same(left, that.left)
        && same(right, that.right);
  }

  static boolean same(Optional<float[]> one, Optional<float[]> other) {
    return one.isPresent() == other.isPresent()
        && (one.isEmpty() || Arrays.equals(one.get(), other.get()));
  }

  @Override
  public int hashCode() {
    return 31 * (31 * leftSize + rightSize)
        + left.map(Arrays::hashCode).orElse(0)
        + 7 * right.map(Arrays::hashCode).orElse(0);
  }

  @Override
  public String toString() {
    return "KroneckerTransform[%d x %d]".formatted(leftSize, rightSize);
  }
}
