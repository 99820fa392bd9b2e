package org.bitatlas.scheme;

import java.util.Optional;

/**
 * A linear layer on an integer grid: w[n][k] = scale[n][g] * (code[n][k] - zero[n][g]), with g =
 * groupIndex[k], or k / groupSize without an index.
 *
 * <p>Codes are unsigned, 0 .. 2^bits - 1; a symmetric signed grid stores q + 2^(bits-1) with zero
 * point 2^(bits-1).
 *
 * @param outputFeatures N
 * @param inputFeatures K
 * @param bits 1 to 8
 * @param groupSize columns that share a scale; K for one scale per output channel
 * @param symmetric whether the grid was fitted symmetrically (the zero points are then constant)
 * @param codes [N x ceil(K * bits / 8)] bytes; element k of a row occupies bits k*bits .. of the
 *     row, least significant bit first, dense across bytes
 * @param scales [N x G], G = ceil(K / groupSize)
 * @param zeroPoints [N x G], unsigned, stored in bytes
 * @param groupIndex [K] group of each column, when groups are not contiguous
 */
public record GridLinear(
    int outputFeatures,
    int inputFeatures,
    int bits,
    int groupSize,
    boolean symmetric,
    byte[] codes,
    float[] scales,
    byte[] zeroPoints,
    Optional<int[]> groupIndex)
    implements QuantizedLinear {

  /** Number of groups G of a row. */
  public int groups() {
    return (inputFeatures + groupSize - 1) / groupSize;
  }

  @Override
  public void dequantizeRow(int row, float[] target) {
    throw new UnsupportedOperationException();
  }

  @Override
  public long storedBytes() {
    throw new UnsupportedOperationException();
  }
}
