package org.bitatlas.kernel;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.NE;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;

/**
 * Weights of any width widened a few columns at a time into a buffer in the first-level cache, and
 * dot products with it: for the widths that have no kernel of their own, for groups that are no
 * multiple of four columns, and for several rows of activations at once.
 */
final class VectorChunks {

  private VectorChunks() {}

  /**
   * Widens signed codes.
   *
   * @param at of the first slab
   * @param width bits of a code
   * @param columns to widen; whole slabs are written
   * @param chunk receives [columns x 32]
   */
  static void codes(MemorySegment memory, long at, int width, int columns, float[] chunk) {
    int perSlab = CodeSlabs.perSlab(width);
    int right = Integer.SIZE - width;
    for (int column = 0; column < columns; column += perSlab) {
      int inSlab = Math.min(perSlab, columns - column);
      long slab = at + (long) (column / perSlab) * Panels.SLAB_BYTES;
      for (int lane = 0; lane < Panels.WORDS; lane += Lanes.COUNT) {
        IntVector v =
            IntVector.fromMemorySegment(
                Lanes.INT, memory, slab + (long) lane * Integer.BYTES, Lanes.ORDER);
        int to = column * Panels.ROWS + lane;
        for (int j = 0; j < inSlab; j++) {
          int left = right - j * width;
          ((FloatVector) v.lanewise(LSHL, left).lanewise(ASHR, right).convert(I2F, 0))
              .intoArray(chunk, to);
          ((FloatVector)
                  v.lanewise(LSHL, left - Panels.ROW_BITS).lanewise(ASHR, right).convert(I2F, 0))
              .intoArray(chunk, to + Panels.WORDS);
          to += Panels.ROWS;
        }
      }
    }
  }

  /**
   * Looks up the values that two stored bits name.
   *
   * @param values [4 x 32] floats from {@code valuesAt} on
   */
  static void binary(
      MemorySegment memory,
      long at,
      MemorySegment values,
      long valuesAt,
      int columns,
      float[] chunk) {
    for (int half = 0; half < Panels.ROWS; half += Panels.WORDS) {
      for (int lane = 0; lane < Panels.WORDS; lane += Lanes.COUNT) {
        long row = valuesAt + (long) (half + lane) * Float.BYTES;
        FloatVector a = FloatVector.fromMemorySegment(Lanes.FLOAT, values, row, Lanes.ORDER);
        FloatVector b =
            FloatVector.fromMemorySegment(
                Lanes.FLOAT, values, row + Panels.FLOATS_BYTES, Lanes.ORDER);
        FloatVector c =
            FloatVector.fromMemorySegment(
                Lanes.FLOAT, values, row + 2 * Panels.FLOATS_BYTES, Lanes.ORDER);
        FloatVector d =
            FloatVector.fromMemorySegment(
                Lanes.FLOAT, values, row + 3 * Panels.FLOATS_BYTES, Lanes.ORDER);
        int to = half + lane;
        for (int column = 0; column < columns; column += 8) {
          int inSlab = Math.min(8, columns - column);
          long slab = at + (long) (column / 8) * Panels.SLAB_BYTES + (long) lane * Integer.BYTES;
          IntVector v =
              IntVector.fromMemorySegment(Lanes.INT, memory, slab, Lanes.ORDER)
                  .lanewise(LSHR, half);
          for (int j = 0; j < inSlab; j++) {
            VectorMask<Integer> positive = v.and(1).compare(NE, 0);
            VectorMask<Integer> selector = v.and(2).compare(NE, 0);
            VectorMask<Float> first = positive.cast(Lanes.FLOAT);
            a.blend(b, first)
                .blend(c.blend(d, first), selector.cast(Lanes.FLOAT))
                .intoArray(chunk, to);
            to += Panels.ROWS;
            v = v.lanewise(LSHR, 2);
          }
        }
      }
    }
  }

  /** Widens bf16 values, one slab a column. */
  static void brainFloats(MemorySegment memory, long at, int columns, float[] chunk) {
    for (int column = 0; column < columns; column++) {
      for (int lane = 0; lane < Panels.WORDS; lane += Lanes.COUNT) {
        long here = at + (long) column * Panels.SLAB_BYTES + (long) lane * Integer.BYTES;
        IntVector v = IntVector.fromMemorySegment(Lanes.INT, memory, here, Lanes.ORDER);
        int to = column * Panels.ROWS + lane;
        v.lanewise(LSHL, Panels.ROW_BITS).reinterpretAsFloats().intoArray(chunk, to);
        v.and(0xFFFF0000).reinterpretAsFloats().intoArray(chunk, to + Panels.WORDS);
      }
    }
  }

  /**
   * Goes on with the four chains of a dot product. The chunk starts at a column that is a multiple
   * of four.
   *
   * @param chunk [columns x 32]
   * @param x activations from {@code first} on
   * @param chains [4 x 32] from {@code chainsAt} on
   */
  static void dot(float[] chunk, int columns, float[] x, int first, float[] chains, int chainsAt) {
    for (int lane = 0; lane < Panels.ROWS; lane += Lanes.COUNT) {
      int at = chainsAt + lane;
      FloatVector c0 = FloatVector.fromArray(Lanes.FLOAT, chains, at);
      FloatVector c1 = FloatVector.fromArray(Lanes.FLOAT, chains, at + Panels.ROWS);
      FloatVector c2 = FloatVector.fromArray(Lanes.FLOAT, chains, at + 2 * Panels.ROWS);
      FloatVector c3 = FloatVector.fromArray(Lanes.FLOAT, chains, at + 3 * Panels.ROWS);
      int p = 0;
      for (; p + 4 <= columns; p += 4) {
        int w = p * Panels.ROWS + lane;
        c0 = FloatVector.fromArray(Lanes.FLOAT, chunk, w).fma(broadcast(x, first + p), c0);
        c1 =
            FloatVector.fromArray(Lanes.FLOAT, chunk, w + Panels.ROWS)
                .fma(broadcast(x, first + p + 1), c1);
        c2 =
            FloatVector.fromArray(Lanes.FLOAT, chunk, w + 2 * Panels.ROWS)
                .fma(broadcast(x, first + p + 2), c2);
        c3 =
            FloatVector.fromArray(Lanes.FLOAT, chunk, w + 3 * Panels.ROWS)
                .fma(broadcast(x, first + p + 3), c3);
      }
      int w = p * Panels.ROWS + lane;
      if (p < columns) {
        c0 = FloatVector.fromArray(Lanes.FLOAT, chunk, w).fma(broadcast(x, first + p), c0);
      }
      if (p + 1 < columns) {
        c1 =
            FloatVector.fromArray(Lanes.FLOAT, chunk, w + Panels.ROWS)
                .fma(broadcast(x, first + p + 1), c1);
      }
      if (p + 2 < columns) {
        c2 =
            FloatVector.fromArray(Lanes.FLOAT, chunk, w + 2 * Panels.ROWS)
                .fma(broadcast(x, first + p + 2), c2);
      }
      c0.intoArray(chains, at);
      c1.intoArray(chains, at + Panels.ROWS);
      c2.intoArray(chains, at + 2 * Panels.ROWS);
      c3.intoArray(chains, at + 3 * Panels.ROWS);
    }
  }

  private static FloatVector broadcast(float[] x, int at) {
    return FloatVector.broadcast(Lanes.FLOAT, x[at]);
  }
}
