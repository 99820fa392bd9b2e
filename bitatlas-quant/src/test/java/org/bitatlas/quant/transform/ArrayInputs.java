package org.bitatlas.quant.transform;

import java.util.Arrays;
import org.bitatlas.tensor.Tensor;

/**
 * Hidden states in an array.
 *
 * @param hidden [sequences x length x width]
 * @param perBatch sequences of one batch
 */
record ArrayInputs(float[] hidden, int sequences, int length, int width, int perBatch)
    implements BlockInputs {

  @Override
  public int batches() {
    return Math.ceilDiv(sequences, perBatch);
  }

  @Override
  public Tensor batch(int index) {
    int first = index * perBatch;
    int last = first + Math.min(perBatch, sequences - first);
    int size = length * width;
    return Tensor.from(
        Arrays.copyOfRange(hidden, first * size, last * size), last - first, length, width);
  }
}
