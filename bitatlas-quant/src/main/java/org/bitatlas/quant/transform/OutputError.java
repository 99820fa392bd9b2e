package org.bitatlas.quant.transform;

/** Error of a block's output when a group of its linear layers has other weights. */
interface OutputError {

  /**
   * Mean over tokens and channels of (y - y')^2, y' with the given weights.
   *
   * @param weights W' of the group's linears one under the other [sum N x K]
   */
  double of(float[] weights);
}
