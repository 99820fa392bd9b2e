package org.bitatlas.quant.pipeline;

/** Told how far a quantization is, on the thread that asked for it. */
@FunctionalInterface
public interface QuantizationListener {

  /** A linear layer is done. */
  void finished(QuantizationProgress progress);

  /**
   * A step of a search in front of a block's layers was made.
   *
   * @param layer block index
   * @param what is searched
   * @param done steps made
   * @param steps all steps
   */
  default void searched(int layer, String what, int done, int steps) {}
}
