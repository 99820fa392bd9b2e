package org.bitatlas.quant.transform;

import java.util.Arrays;

/**
 * Values of the size of the hidden states, batch by batch, that a search puts aside: in memory or
 * on disk, wherever the hidden states are. Batches may be read and written by several threads.
 */
public interface BatchStore extends AutoCloseable {

  /** Sets the values of a batch [B x T x D], fp32, row-major. */
  void put(int batch, float[] values);

  /** The values of a batch that was put. */
  float[] get(int batch);

  /** Gives the values up. */
  @Override
  void close();

  /** Room in memory for the values of {@code batches} batches. */
  static BatchStore inMemory(int batches) {
    float[][] kept = new float[batches][];
    return new BatchStore() {
      @Override
      public void put(int batch, float[] values) {
        kept[batch] = values;
      }

      @Override
      public float[] get(int batch) {
        return kept[batch];
      }

      @Override
      public void close() {
        Arrays.fill(kept, new float[0]);
      }
    };
  }
}
