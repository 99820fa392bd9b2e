package org.bitatlas.quant.transform;

import org.bitatlas.tensor.Tensor;

/** The hidden states of the calibration set in front of one block, batch by batch. */
public interface BlockInputs {

  /** Number of batches. */
  int batches();

  /** Number of sequences of all batches together. */
  int sequences();

  /**
   * One batch; may be called from several threads.
   *
   * @return [B x T x D] in the model's precision, in the caller's scope; all batches but the last
   *     have the same B
   */
  Tensor batch(int index);

  /**
   * Room for values of the size of these states; in memory, unless the states are on disk.
   *
   * @param name of the values; one store of a name at a time
   */
  default BatchStore store(String name) {
    return BatchStore.inMemory(batches());
  }
}
