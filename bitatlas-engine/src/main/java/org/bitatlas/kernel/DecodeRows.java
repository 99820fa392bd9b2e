package org.bitatlas.kernel;

import java.lang.foreign.MemorySegment;

/**
 * A weight W [N x K] packed once, off the heap, for products with one to a few rows of activations.
 * Its memory belongs to the arena it was packed in; a product after that arena was closed fails
 * with an {@link IllegalStateException}. Work is cut into tiles of rows whose size depends on the
 * shape alone.
 */
public sealed interface DecodeRows permits IntegerRows, WeightOnlyRows {

  /** Output features N. */
  int outputFeatures();

  /** Input features K. */
  int inputFeatures();

  /** Bytes of codes, scales and all else that a product reads, padding included. */
  long bytes();

  /** Panels of 32 rows in a tile. */
  int panelsPerTile();

  /** Number of tiles, 0 .. tileCount() - 1. */
  default int tileCount() {
    return Math.ceilDiv(Panels.count(outputFeatures()), panelsPerTile());
  }

  /** What is stored, for traces: for example {@code s4, 48 groups}. */
  String layout();

  /** The memory whose life is that of the weights. */
  MemorySegment memory();

  /**
   * Refuses weights whose memory was given back.
   *
   * @throws IllegalStateException when the arena of the weights is closed
   */
  default void requireOpen() {
    if (!memory().scope().isAlive()) {
      throw new IllegalStateException(
          "The packed weights [%d x %d] were used after their arena was closed."
              .formatted(outputFeatures(), inputFeatures()));
    }
  }
}
