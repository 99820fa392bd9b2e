package org.bitatlas.format;

import org.bitatlas.scheme.GridLinear;

/** Zero points of integer grids. */
public final class ZeroPoints {

  private ZeroPoints() {}

  /** Whether all zero points of a layer lie in the middle of the grid, 2^(b-1). */
  public static boolean centred(GridLinear grid) {
    return centred(grid.zeroPoints(), grid.bits());
  }

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
