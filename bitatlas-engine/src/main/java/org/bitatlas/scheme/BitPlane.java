package org.bitatlas.scheme;

/**
 * One bit per element of a matrix [rows x columns]: every row starts at a byte, element k is bit k
 * mod 8 of byte k / 8.
 */
final class BitPlane {

  private BitPlane() {}

  /** Bytes of a row. */
  static int rowBytes(int columns) {
    return Math.ceilDiv(columns, Byte.SIZE);
  }

  /** The bytes [rows x rowBytes] of flags [rows x columns]. */
  static byte[] pack(boolean[] flags, int rows, int columns) {
    int rowBytes = rowBytes(columns);
    byte[] plane = new byte[Math.multiplyExact(rows, rowBytes)];
    for (int row = 0; row < rows; row++) {
      for (int k = 0; k < columns; k++) {
        if (flags[row * columns + k]) {
          plane[row * rowBytes + (k >> 3)] |= (byte) (1 << (k & 7));
        }
      }
    }
    return plane;
  }

  /** Whether the bit of column {@code k} is set in the row that starts at {@code rowStart}. */
  static boolean isSet(byte[] plane, int rowStart, int k) {
    return (plane[rowStart + (k >> 3)] >> (k & 7) & 1) != 0;
  }

  /** Number of set bits among the first {@code columns} of a plane of one row. */
  static int count(byte[] plane, int columns) {
    int count = 0;
    for (int k = 0; k < columns; k++) {
      count += isSet(plane, 0, k) ? 1 : 0;
    }
    return count;
  }
}
