package org.bitatlas.kernel;

import java.lang.foreign.MemorySegment;

/**
 * Kernels of attention over pages: facade of a scalar provider, the truth, and a vector provider
 * that gives the same bits. All sums are fp32.
 */
public sealed interface AttentionKernels permits ScalarAttention, VectorAttention {

  /** The provider that goes with row kernels. */
  static AttentionKernels with(RowKernels rows) {
    return switch (rows) {
      case ScalarRowKernels _ -> new ScalarAttention();
      case VectorRowKernels _ -> new VectorAttention();
    };
  }

  /**
   * Widens a panel to fp32: bf16 values, or signed codes plus an offset.
   *
   * @param width bits of a stored value: 16, 8 or 4
   * @param at first byte of the panel
   * @param columns to widen; whole slabs are written
   * @param target receives [columns x 32], off the heap
   */
  void widen(MemorySegment memory, long at, int width, int columns, MemorySegment target);

  /**
   * Adds to a widened panel.
   *
   * @param panel [columns x 32]
   * @param offsets byte of 32 floats
   * @param perLane an offset for each lane, else one for each column
   */
  void shift(MemorySegment panel, int columns, MemorySegment memory, long offsets, boolean perLane);

  /**
   * Dot products of the lanes of a panel with a vector: four chains of fused multiply-adds, column
   * modulo 4, added as (0 + 1) + (2 + 3).
   *
   * @param panel [columns x 32] of fp32, off the heap, from byte {@code at} on
   * @param x [columns] from {@code first} on
   * @param results 32 from {@code to} on
   */
  void dot(
      MemorySegment panel, long at, int columns, float[] x, int first, float[] results, int to);

  /**
   * The same, going on with chains.
   *
   * @param chains [4 x 32] from {@code to} on
   */
  void addDot(
      MemorySegment panel, long at, int columns, float[] x, int first, float[] chains, int to);

  /** The largest of {@code count} scores, whole groups of 32; not a number where one is not. */
  float largest(float[] scores, int from, int count);

  /**
   * Replaces scores by exp(score - largest).
   *
   * @param scores whole groups of 32; those not to be seen are negative infinity
   * @param largest of all scores, or of more
   * @return their sum, by 32 chains of every 32nd score, added in pairs; not a number where a score
   *     is not
   */
  float exponentials(float[] scores, int from, int count, float largest);

  /**
   * Scales what is there and adds: target[i] = fma(target[i], factor, added[i]).
   *
   * @param at first byte of the target
   * @param from first byte of what is added
   */
  void scaleAndAdd(
      MemorySegment target, long at, float factor, MemorySegment added, long from, int count);
}
