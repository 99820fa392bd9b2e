package org.bitatlas.kernel;

import org.bitatlas.tensor.Tensor;

/**
 * A linear layer Y = X W^T + b whose weight was packed once, in few bits or in float. Calls may
 * come from several threads at once.
 */
public sealed interface PackedLinear extends AutoCloseable
    permits IntegerLinear,
        WeightOnlyLinear,
        DenseLinear,
        AscendIntegerLinear,
        AscendWeightOnlyLinear {

  /** Output features N. */
  int outputFeatures();

  /** Input features K. */
  int inputFeatures();

  /** Bytes of all packed forms of the weight, scales included. */
  long bytes();

  /** Whether activations become integers in front of the product, where layers can share them. */
  default boolean quantizesInput() {
    return false;
  }

  /**
   * Makes integers of the activations, if the product takes them; {@link #apply} does what was not
   * done before.
   *
   * @return {@code input}
   */
  default LinearInput quantize(LinearInput input, KernelThreads threads) {
    return input;
  }

  /**
   * Computes the layer.
   *
   * @param input X [M x K]
   * @param threads share the tiles
   * @return Y [M x N] in the type of X
   */
  Tensor apply(LinearInput input, KernelThreads threads);

  /** Most rows for the kernel of few rows. */
  int fewRows();

  /** Which kernel computes a call with this many rows, with types and instruction set. */
  KernelChoice choice(int rows);

  @Override
  void close();
}
