package org.bitatlas.format;

/** Zero points of integer grids. */
public final class ZeroPoints {

  private ZeroPoints() {}

  /** Whether all zero points lie in the middle of the grid, 2^(b-1). */
  public static boolean centred(byte[] zeroPoints, int bits) {
    for (byte zero : zeroPoints) {
      if ((zero & 0xFF) != 1 << (bits - 1)) {
        return false;
      }
    }
    return true;
  }
}
