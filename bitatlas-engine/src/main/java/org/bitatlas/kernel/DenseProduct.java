package org.bitatlas.kernel;

import org.bitatlas.tensor.Tensor;

/** Y [M x N] = X W^T + b in float, and the rows of W. */
sealed interface DenseProduct extends AutoCloseable permits OneDnnProduct, LibtorchProduct {

  /** Y [M x N] in the type of X. */
  Tensor apply(LinearInput input, KernelThreads threads);

  /** Rows of W [indexes x K]. */
  Tensor rows(long[] indexes);

  /** Bytes of W. */
  long bytes();

  /** Name of the kernel. */
  String kernel();

  /** Library, and its kernel where it says which. */
  String implementation();

  @Override
  void close();
}
