package org.bitatlas.scheme;

import java.util.Optional;

/**
 * The two sizes L <= R of a {@link KroneckerTransform} of a width C = L R: those whose sum is least
 * among factors of the same parity, as FlatQuant's repository and vLLM-Ascend choose them
 * (get_decompose_dim). The smallest a >= sqrt(C) for which a^2 - C is a square b^2 gives a - b and
 * a + b.
 *
 * @param left L
 * @param right R
 */
public record KroneckerSizes(int left, int right) {

  /**
   * The sizes for a width.
   *
   * @param width C, at least 1
   * @return empty when C is 2 modulo 4, an even times an odd number only
   */
  public static Optional<KroneckerSizes> of(int width) {
    if (width % 4 == 2) {
      return Optional.empty();
    }
    int left = (int) Math.sqrt(width);
    while (width % left != 0 || (width / left - left) % 2 != 0) {
      left--;
    }
    return Optional.of(new KroneckerSizes(left, width / left));
  }
}
