package org.bitatlas.quant.transform.flatquant;

import org.bitatlas.tensor.BitAtlasException;

/**
 * The two sizes L <= R with L R = C whose sum is least among factors of the same parity, as the
 * reference chooses them: the smallest a >= sqrt(C) for which a^2 - C is a square b^2 gives a - b
 * and a + b.
 *
 * @param left L
 * @param right R
 */
record KroneckerSizes(int left, int right) {

  /**
   * The sizes for a width.
   *
   * @param width C, at least 1
   * @param module the layer whose input is transformed, for the message
   * @throws BitAtlasException when C is 2 modulo 4: an even times an odd number only
   */
  static KroneckerSizes of(int width, String module) {
    if (width % 4 == 2) {
      throw new BitAtlasException(
          "FlatQuant cannot transform the input of %s: its width %d is not a product of two even or two odd numbers; quantize this model with another method."
              .formatted(module, width));
    }
    int left = (int) Math.sqrt(width);
    while (width % left != 0 || (width / left - left) % 2 != 0) {
      left--;
    }
    return new KroneckerSizes(left, width / left);
  }
}
