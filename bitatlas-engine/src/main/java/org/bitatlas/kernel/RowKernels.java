package org.bitatlas.kernel;

import java.lang.foreign.MemorySegment;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.tensor.ElementType;

/**
 * Kernels for one to a few rows of activations (decode): facade of a scalar provider, the truth,
 * and a vector provider that gives the same bits. Which one runs is decided once, at the first use
 * of {@link #selected}.
 */
public sealed interface RowKernels permits ScalarRowKernels, VectorRowKernels {

  /** The provider for this JVM and CPU. */
  static RowKernels selected() {
    return RowKernelSelection.SELECTED.kernels();
  }

  /** Which provider runs and why, in one line. */
  static String describe() {
    return RowKernelSelection.SELECTED.reason();
  }

  /** Short name for traces: {@code scalar} or {@code vector-512}. */
  String name();

  /**
   * Rounds activations to integers.
   *
   * @param activations [M x K], from {@code offset} on
   * @param rows M
   * @param quantizer per token or per tensor
   */
  void quantize(
      float[] activations,
      int offset,
      int rows,
      ActivationQuantizer quantizer,
      ActivationCodes target);

  /**
   * Activation codes less a shift as signed bytes.
   *
   * @param codes from {@code from} on
   * @param target from its start on
   */
  void narrow(short[] codes, int from, int count, int shift, byte[] target);

  /**
   * Sums of code times activation code over each group, exact.
   *
   * @param codes [M x stride] in packed order
   * @param rows M
   * @param wide whether a code may leave the range of a signed byte
   * @param sums [M x G x 32]
   */
  void integerSums(
      IntegerRows weights, int panel, short[] codes, int rows, boolean wide, int[] sums);

  /**
   * Adds the sums of a row of activations over all groups, each times its second scale, exact.
   *
   * @param sums [G x 32] from {@code from} on; the first 32 become the result
   */
  void joinGroups(IntegerRows weights, int panel, int[] sums, int from);

  /**
   * Scales the sums of a row of activations and adds them in the order of the groups.
   *
   * @param sums [G x 32] from {@code from} on; joined ones where there are second scales
   * @param results [32]
   */
  void scale(IntegerRows weights, int panel, int[] sums, int from, float rowScale, float[] results);

  /**
   * Dot products of each group with float activations.
   *
   * @param activations [M x K] in packed order
   * @param rows M
   * @param scratch whose float sums receive [M x G x 32]
   */
  void floatSums(
      WeightOnlyRows weights, int panel, float[] activations, int rows, RowScratch scratch);

  /**
   * Applies factors and offsets to the dot products of a row of activations and adds them in the
   * order of the groups.
   *
   * @param sums [G x 32] from {@code from} on
   * @param groupSums [G] sums of activations, from {@code firstGroupSum} on
   * @param results [32]
   */
  void combine(
      AffineRows weights,
      int panel,
      float[] sums,
      int from,
      float[] groupSums,
      int firstGroupSum,
      float[] results);

  /**
   * Widens what is stored of a few columns of a group: codes, or values where those are stored.
   *
   * @param column packed column, counted from the group's first; a multiple of 80
   * @param chunk receives [columns x 32], and has room for whole slabs
   */
  void widen(WeightOnlyRows weights, int panel, int group, int column, int columns, float[] chunk);

  /**
   * Brings a group of half a panel to signed bytes, zero points subtracted or multiplied by second
   * scales, as {@link BlockedBytes} has them; columns beyond the group become 0.
   *
   * @param half 0 for the first 16 rows of the panel, 1 for the others
   * @param target off the heap, the first row's bytes from {@code at} on
   * @param sums receives the sum of each row's bytes [16] from {@code to} on
   */
  void unpack(
      IntegerRows weights,
      int panel,
      int half,
      int group,
      MemorySegment target,
      long at,
      BlockedBytes layout,
      int[] sums,
      int to);

  /**
   * Adds scaled exact sums, group by group: target[n] = fma(scales[g][n], sums[g][n] + shift *
   * codeSums[g][n], target[n]).
   *
   * @param row of activations
   * @param firstGroup of those that {@code sums} holds
   * @param groups how many
   * @param count features
   * @param target from {@code to} on
   */
  void addScaled(
      GroupSums sums,
      int row,
      int firstGroup,
      int groups,
      int shift,
      int count,
      float[] target,
      int to);

  /**
   * Stores widened columns in a matrix in F32 or BF16, rounded to nearest even: factor * value +
   * offset by a fused multiply-add, a factor and an offset per lane.
   *
   * @param chunk [columns x 32], finite
   * @param factors [2 x 32]: factors, then offsets
   * @param element of {@code matrix} where the first column goes
   * @param stride elements from one column to the next
   */
  void storeColumns(
      float[] chunk,
      int columns,
      float[] factors,
      MemorySegment matrix,
      ElementType type,
      long element,
      long stride);
}
