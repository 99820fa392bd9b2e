package org.bitatlas.quant.pipeline;

import org.bitatlas.quant.calibration.CalibrationSet;

/**
 * How a calibration set is cut into batches: a fixed number of tokens whatever the number of
 * threads, so that sums over batches do not depend on it.
 *
 * @param sequences number of sequences
 * @param length tokens of each, T
 * @param width hidden size, D
 * @param perBatch sequences of a batch, B; the last batch may have fewer
 */
record BatchPlan(int sequences, int length, int width, int perBatch) {

  private static final int BATCH_TOKENS = 2048;

  static BatchPlan of(CalibrationSet set, int width) {
    return new BatchPlan(
        set.sequences().size(),
        set.length(),
        width,
        Math.clamp(BATCH_TOKENS / set.length(), 1, set.sequences().size()));
  }

  /** Number of batches. */
  int count() {
    return Math.ceilDiv(sequences, perBatch);
  }

  /** First sequence of a batch. */
  int first(int batch) {
    return batch * perBatch;
  }

  /** Sequences of a batch. */
  int rows(int batch) {
    return Math.min(perBatch, sequences - first(batch));
  }

  /** Values of the hidden states of a batch. */
  int values(int batch) {
    return Math.multiplyExact(rows(batch) * length, width);
  }
}
