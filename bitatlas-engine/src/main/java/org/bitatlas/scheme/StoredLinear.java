package org.bitatlas.scheme;

/**
 * A quantized linear layer as stored: codes and what is needed to read them, never dequantized
 * weights. W is [N x K], N output and K input features.
 */
public sealed interface StoredLinear
    permits GridLinear, MixedGroupLinear, BinaryLinear, FloatLinear {

  /** Output features N. */
  int outputFeatures();

  /** Input features K. */
  int inputFeatures();

  /** The method's own count of bits per weight: without scales, zero points, means and flags. */
  double nominalBits();

  /** Writes the dequantized row {@code row} (K values) to {@code target}. */
  void dequantizeRow(int row, float[] target);

  /** The storage in words, for example {@code 4 bits, groups of 32, symmetric}. */
  String scheme();

  /** Bytes of all stored tensors of this layer, without the bias. */
  long storedBytes();

  /** Bits per weight, counted from all that is stored. */
  default double storedBitsPerWeight() {
    return 8.0 * storedBytes() / ((double) outputFeatures() * inputFeatures());
  }

  /** The dequantized weight [N x K], row-major. */
  default float[] dequantize() {
    int columns = inputFeatures();
    float[] weight = new float[Math.multiplyExact(outputFeatures(), columns)];
    float[] row = new float[columns];
    for (int n = 0; n < outputFeatures(); n++) {
      dequantizeRow(n, row);
      System.arraycopy(row, 0, weight, n * columns, columns);
    }
    return weight;
  }
}
