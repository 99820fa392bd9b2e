package org.bitatlas.format.modelslim;

import java.util.Optional;

/**
 * Sizes (L, R) of the Kronecker factors that vLLM-Ascend creates for an input of K features: with
 * the least a for which a^2 - K is a square b^2 and a^2 is at least K, L = a - b and R = a + b. As
 * FlatQuant's repository chooses them.
 *
 * @param left L
 * @param right R; L R = K
 */
public record KroneckerSizes(int left, int right) {

  /** Codes of a row of the right factor's size that the operator packs into one int32. */
  private static final int PACKED = 8;

  /** Largest factor of the operator. */
  private static final int LARGEST = 256;

  /** The sizes for K features; (1, K) at worst for odd K, none for K = 2 mod 4. */
  public static KroneckerSizes of(int features) {
    int a = (int) Math.ceil(Math.sqrt(features));
    while (2L * a <= features + 1L) {
      long rest = (long) a * a - features;
      long b = Math.round(Math.sqrt(rest));
      if (b * b == rest) {
        return new KroneckerSizes((int) (a - b), (int) (a + b));
      }
      a++;
    }
    throw new IllegalArgumentException(
        features + " is no difference of two squares, so it has no two factors of one parity");
  }

  /**
   * Why the operator that applies the factors and rounds (aclnnFlatQuant, called for packed int32)
   * refuses them; empty where it takes them.
   */
  public Optional<String> objection() {
    if (left > LARGEST || right > LARGEST) {
      return Optional.of(
          "factors of %d and %d are larger than the 256 that the operator takes"
              .formatted(left, right));
    }
    return right % PACKED == 0
        ? Optional.empty()
        : Optional.of(
            "the operator packs eight codes of the right factor's %d, which is not a multiple of 8"
                .formatted(right));
  }
}
