package org.bitatlas.quant.transform;

import java.util.Arrays;
import org.bitatlas.tensor.Tensor;

/**
 * Values of the size of the hidden states, batch by batch, that a search puts aside: in memory or
 * on disk, wherever the hidden states are. Batches may be read and written by several threads.
 */
public interface BatchStore extends AutoCloseable {

  /** Keeps a copy, as F32, of the values of a batch [B x T x D]. */
  void put(int batch, Tensor values);

  /** The values of a batch that was put [B x T x D], F32, in the caller's scope. */
  Tensor get(int batch);

  /** Gives the values up. */
  @Override
  void close();

  /** Room in memory for the values of {@code batches} batches. */
  static BatchStore inMemory(int batches) {
    float[][] kept = new float[batches][];
    long[][] shapes = new long[batches][];
    return new BatchStore() {
      @Override
      public void put(int batch, Tensor values) {
        kept[batch] = values.toFloats();
        shapes[batch] = values.shape();
      }

      @Override
      public Tensor get(int batch) {
        return Tensor.from(kept[batch], shapes[batch]);
      }

      @Override
      public void close() {
        Arrays.fill(kept, new float[0]);
      }
    };
  }
}
