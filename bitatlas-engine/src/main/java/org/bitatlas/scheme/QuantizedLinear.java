package org.bitatlas.scheme;

/**
 * A quantized linear layer as stored: codes and what is needed to read them, never dequantized
 * weights. W is [N x K], N output and K input features.
 */
public sealed interface QuantizedLinear permits GridLinear {

  /** Output features N. */
  int outputFeatures();

  /** Input features K. */
  int inputFeatures();

  /** Writes the dequantized row {@code row} (K values) to {@code target}. */
  void dequantizeRow(int row, float[] target);

  /** Bytes of all stored tensors of this layer, without the bias. */
  long storedBytes();
}
