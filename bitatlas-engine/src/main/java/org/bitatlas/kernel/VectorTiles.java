package org.bitatlas.kernel;

import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.I2S;
import static jdk.incubator.vector.VectorOperators.LSHR;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/** What stands around products of many rows: scaling of exact sums, widened weights as matrices. */
final class VectorTiles {

  private VectorTiles() {}

  /** See {@link RowKernels#addScaled}. */
  static void addScaled(
      MemorySegment sums,
      long at,
      int shift,
      int[] codeSums,
      float[] scales,
      int first,
      int count,
      float[] target,
      int to) {
    int n = 0;
    for (; n + Lanes.COUNT <= count; n += Lanes.COUNT) {
      IntVector exact =
          IntVector.fromMemorySegment(Lanes.INT, sums, at + (long) n * Integer.BYTES, Lanes.ORDER);
      if (shift != 0) {
        exact = exact.add(IntVector.fromArray(Lanes.INT, codeSums, first + n).mul(shift));
      }
      FloatVector sum = (FloatVector) exact.convert(I2F, 0);
      FloatVector.fromArray(Lanes.FLOAT, scales, first + n)
          .fma(sum, FloatVector.fromArray(Lanes.FLOAT, target, to + n))
          .intoArray(target, to + n);
    }
    for (; n < count; n++) {
      int exact = sums.get(ValueLayout.JAVA_INT, at + (long) n * Integer.BYTES);
      float sum = exact + shift * codeSums[first + n];
      target[to + n] = Math.fma(scales[first + n], sum, target[to + n]);
    }
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
