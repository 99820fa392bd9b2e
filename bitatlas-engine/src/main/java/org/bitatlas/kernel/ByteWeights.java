package org.bitatlas.kernel;

import org.bitatlas.scheme.GridLinear;
import org.bitatlas.tensor.BitAtlasException;

/**
 * Codes of a weight with one scale per output feature as signed bytes [N x K], zero points
 * subtracted, on their way to oneDNN.
 */
final class ByteWeights {

  private ByteWeights() {}

  /** Whether oneDNN multiplies bytes, and without an error, on this CPU. */
  static boolean exactLibrary() {
    try {
      return OneDnn.exactIntegers();
    } catch (BitAtlasException absent) {
      return false;
    }
  }

  /** Whether every code less its zero point is a signed byte. */
  static boolean fit(GridLinear linear) {
    if (linear.bits() < Byte.SIZE) {
      return true;
    }
    byte[] row = new byte[linear.inputFeatures()];
    for (int n = 0; n < linear.outputFeatures(); n++) {
      linear.unpackRow(n, row);
      for (int k = 0; k < row.length; k++) {
        int zero = linear.zeroPoints()[n * linear.groups() + linear.group(k)] & 0xFF;
        int code = (row[k] & 0xFF) - zero;
        if (code != (byte) code) {
          return false;
        }
      }
    }
    return true;
  }

  /** The codes of a layer whose codes {@link #fit}. */
  static MatmulWeight of(GridLinear linear) {
    return MatmulWeight.codes(signed(linear), linear.outputFeatures(), linear.inputFeatures())
        .withChannelScales(linear.scales());
  }

  /** The codes of a layer that {@link #fit}, less their zero points [N x K]. */
  static byte[] signed(GridLinear linear) {
    int columns = linear.inputFeatures();
    byte[] codes = new byte[Math.multiplyExact(linear.outputFeatures(), columns)];
    byte[] row = new byte[columns];
    for (int n = 0; n < linear.outputFeatures(); n++) {
      linear.unpackRow(n, row);
      for (int k = 0; k < columns; k++) {
        codes[n * columns + k] = (byte) (row[k] - linear.zeroPoints()[n]);
      }
    }
    return codes;
  }
}
