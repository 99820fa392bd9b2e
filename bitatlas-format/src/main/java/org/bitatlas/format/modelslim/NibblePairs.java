package org.bitatlas.format.modelslim;

/**
 * int4 codes of W4A8 as AscendV1 packs them since version 1.0.0: two output channels share a byte,
 * byte (j, k) = (w[2j][k] & 15) | (w[2j + 1][k] << 4).
 */
public final class NibblePairs {

  private NibblePairs() {}

  /**
   * Packs.
   *
   * @param codes [N x K], -8 to 7
   * @param rows N, even
   * @return [N / 2 x K]
   */
  public static byte[] pack(byte[] codes, int rows, int columns) {
    byte[] packed = new byte[rows / 2 * columns];
    for (int pair = 0; pair < rows / 2; pair++) {
      int even = 2 * pair * columns;
      int odd = even + columns;
      for (int k = 0; k < columns; k++) {
        packed[pair * columns + k] = (byte) ((codes[even + k] & 15) | (codes[odd + k] << 4));
      }
    }
    return packed;
  }

  /**
   * Unpacks.
   *
   * @param packed [N / 2 x K]
   * @return [N x K], -8 to 7
   */
  public static byte[] unpack(byte[] packed, int rows, int columns) {
    byte[] codes = new byte[rows * columns];
    for (int pair = 0; pair < rows / 2; pair++) {
      int even = 2 * pair * columns;
      int odd = even + columns;
      for (int k = 0; k < columns; k++) {
        byte both = packed[pair * columns + k];
        codes[even + k] = (byte) ((byte) (both << 4) >> 4);
        codes[odd + k] = (byte) (both >> 4);
      }
    }
    return codes;
  }
}
