package org.bitatlas.kernel;

import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.I2S;
import static jdk.incubator.vector.VectorOperators.LSHR;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/** What stands around products of many rows: scaling of exact sums, widened weights as matrices. */
final class VectorTiles {

  private static final long BYTES = (long) Lanes.COUNT * Integer.BYTES;

  private VectorTiles() {}

  /** See {@link RowKernels#addScaled}. */
  static void addScaled(
      GroupSums sums,
      int row,
      int firstGroup,
      int groups,
      int shift,
      int count,
      float[] target,
      int to) {
    int n = shift == 0 ? addFours(sums, row, firstGroup, groups, count, target, to) : 0;
    for (; n + Lanes.COUNT <= count; n += Lanes.COUNT) {
      addOne(sums, row, firstGroup, groups, shift, n, target, to + n);
    }
    for (; n < count; n++) {
      for (int g = 0; g < groups; g++) {
        int cell = (firstGroup + g) * sums.stride() + n;
        float sum = sums.exact(row, g, n) + shift * sums.codeSums()[cell];
        target[to + n] = Math.fma(sums.scales()[cell], sum, target[to + n]);
      }
    }
  }

  /**
   * Four vectors side by side: a fused multiply-add need not wait for the one before it.
   *
   * @return features done
   */
  private static int addFours(
      GroupSums sums, int row, int firstGroup, int groups, int count, float[] target, int to) {
    MemorySegment memory = sums.memory();
    float[] scales = sums.scales();
    long first = sums.offset(row);
    long groupBytes = sums.groupBytes();
    int stride = sums.stride();
    int n = 0;
    for (; n + 4 * Lanes.COUNT <= count; n += 4 * Lanes.COUNT) {
      FloatVector a = FloatVector.fromArray(Lanes.FLOAT, target, to + n);
      FloatVector b = FloatVector.fromArray(Lanes.FLOAT, target, to + n + Lanes.COUNT);
      FloatVector c = FloatVector.fromArray(Lanes.FLOAT, target, to + n + 2 * Lanes.COUNT);
      FloatVector d = FloatVector.fromArray(Lanes.FLOAT, target, to + n + 3 * Lanes.COUNT);
      long at = first + (long) n * Integer.BYTES;
      int cell = firstGroup * stride + n;
      for (int g = 0; g < groups; g++) {
        a = FloatVector.fromArray(Lanes.FLOAT, scales, cell).fma(exact(memory, at), a);
        b =
            FloatVector.fromArray(Lanes.FLOAT, scales, cell + Lanes.COUNT)
                .fma(exact(memory, at + BYTES), b);
        c =
            FloatVector.fromArray(Lanes.FLOAT, scales, cell + 2 * Lanes.COUNT)
                .fma(exact(memory, at + 2 * BYTES), c);
        d =
            FloatVector.fromArray(Lanes.FLOAT, scales, cell + 3 * Lanes.COUNT)
                .fma(exact(memory, at + 3 * BYTES), d);
        at += groupBytes;
        cell += stride;
      }
      a.intoArray(target, to + n);
      b.intoArray(target, to + n + Lanes.COUNT);
      c.intoArray(target, to + n + 2 * Lanes.COUNT);
      d.intoArray(target, to + n + 3 * Lanes.COUNT);
    }
    return n;
  }

  private static FloatVector exact(MemorySegment memory, long at) {
    return (FloatVector)
        IntVector.fromMemorySegment(Lanes.INT, memory, at, Lanes.ORDER).convert(I2F, 0);
  }

  private static void addOne(
      GroupSums sums,
      int row,
      int firstGroup,
      int groups,
      int shift,
      int n,
      float[] target,
      int to) {
    FloatVector result = FloatVector.fromArray(Lanes.FLOAT, target, to);
    long at = sums.offset(row) + (long) n * Integer.BYTES;
    int cell = firstGroup * sums.stride() + n;
    for (int g = 0; g < groups; g++) {
      IntVector exact =
          IntVector.fromMemorySegment(Lanes.INT, sums.memory(), at, Lanes.ORDER)
              .add(IntVector.fromArray(Lanes.INT, sums.codeSums(), cell).mul(shift));
      result =
          FloatVector.fromArray(Lanes.FLOAT, sums.scales(), cell)
              .fma((FloatVector) exact.convert(I2F, 0), result);
      at += sums.groupBytes();
      cell += sums.stride();
    }
    result.intoArray(target, to);
  }

  /** See {@link RowKernels#storeColumns}. */
  static void storeFloats(
      float[] chunk,
      int columns,
      float[] factors,
      MemorySegment matrix,
      long element,
      long stride) {
    for (int lane = 0; lane < Panels.ROWS; lane += Lanes.COUNT) {
      FloatVector factor = FloatVector.fromArray(Lanes.FLOAT, factors, lane);
      FloatVector offset = FloatVector.fromArray(Lanes.FLOAT, factors, Panels.ROWS + lane);
      for (int k = 0; k < columns; k++) {
        factor
            .fma(FloatVector.fromArray(Lanes.FLOAT, chunk, k * Panels.ROWS + lane), offset)
            .intoMemorySegment(matrix, (element + k * stride + lane) * Float.BYTES, Lanes.ORDER);
      }
    }
  }

  /** See {@link RowKernels#storeColumns}. */
  static void storeBrainFloats(
      float[] chunk,
      int columns,
      float[] factors,
      MemorySegment matrix,
      long element,
      long stride) {
    for (int lane = 0; lane < Panels.ROWS; lane += Lanes.COUNT) {
      FloatVector factor = FloatVector.fromArray(Lanes.FLOAT, factors, lane);
      FloatVector offset = FloatVector.fromArray(Lanes.FLOAT, factors, Panels.ROWS + lane);
      for (int k = 0; k < columns; k++) {
        IntVector bits =
            factor
                .fma(FloatVector.fromArray(Lanes.FLOAT, chunk, k * Panels.ROWS + lane), offset)
                .reinterpretAsInts();
        IntVector upper =
            bits.add(bits.lanewise(LSHR, Short.SIZE).and(1)).add(0x7FFF).lanewise(LSHR, Short.SIZE);
        ((ShortVector) upper.convertShape(I2S, Lanes.NARROW, 0))
            .intoMemorySegment(matrix, (element + k * stride + lane) * Short.BYTES, Lanes.ORDER);
      }
    }
  }
}
