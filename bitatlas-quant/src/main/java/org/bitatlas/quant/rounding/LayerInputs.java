package org.bitatlas.quant.rounding;

import org.bitatlas.tensor.Tensor;

/** The inputs of a linear layer, one calibration sample after the other. */
public interface LayerInputs {

  /** Number of samples. */
  int samples();

  /**
   * One sample; may be called from several threads.
   *
   * @return X [T x K] of any float type, in the caller's scope
   */
  Tensor sample(int index);
}
