package org.bitatlas.kernel;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * Dot products of one row of float activations with 4-bit, 8-bit and bf16 weights, widened in
 * registers; for groups of a multiple of four columns. The four chains are those of {@link
 * WeightOnlyRows}.
 */
final class VectorFloatSums {

  /** Upper half of a word: the bf16 value of the high row is fp32's upper 16 bits. */
  private static final int UPPER = 0xFFFF0000;

  private VectorFloatSums() {}

  /**
   * 4-bit codes.
   *
   * @param at of the group's first slab
   * @param columns of the group; four in a slab
   * @param x activations from {@code first} on
   * @param sums [32] from {@code to} on
   */
  static void nibbles(
      MemorySegment memory, long at, int columns, float[] x, int first, float[] sums, int to) {
    for (int lane = 0; lane < Panels.WORDS; lane += Lanes.COUNT) {
      FloatVector l0 = FloatVector.zero(Lanes.FLOAT);
      FloatVector l1 = l0;
      FloatVector l2 = l0;
      FloatVector l3 = l0;
      FloatVector h0 = l0;
      FloatVector h1 = l0;
      FloatVector h2 = l0;
      FloatVector h3 = l0;
      long base = at + (long) lane * Integer.BYTES;
      for (int p = 0; p < columns; p += 4) {
        IntVector v =
            IntVector.fromMemorySegment(
                Lanes.INT, memory, base + (long) p * (Panels.SLAB_BYTES / 4), Lanes.ORDER);
        FloatVector x0 = FloatVector.broadcast(Lanes.FLOAT, x[first + p]);
        FloatVector x1 = FloatVector.broadcast(Lanes.FLOAT, x[first + p + 1]);
        FloatVector x2 = FloatVector.broadcast(Lanes.FLOAT, x[first + p + 2]);
        FloatVector x3 = FloatVector.broadcast(Lanes.FLOAT, x[first + p + 3]);
        l0 = code(v.lanewise(LSHL, 28).lanewise(ASHR, 28)).fma(x0, l0);
        l1 = code(v.lanewise(LSHL, 24).lanewise(ASHR, 28)).fma(x1, l1);
        l2 = code(v.lanewise(LSHL, 20).lanewise(ASHR, 28)).fma(x2, l2);
        l3 = code(v.lanewise(LSHL, 16).lanewise(ASHR, 28)).fma(x3, l3);
        h0 = code(v.lanewise(LSHL, 12).lanewise(ASHR, 28)).fma(x0, h0);
        h1 = code(v.lanewise(LSHL, 8).lanewise(ASHR, 28)).fma(x1, h1);
        h2 = code(v.lanewise(LSHL, 4).lanewise(ASHR, 28)).fma(x2, h2);
        h3 = code(v.lanewise(ASHR, 28)).fma(x3, h3);
      }
      l0.add(l1).add(l2.add(l3)).intoArray(sums, to + lane);
      h0.add(h1).add(h2.add(h3)).intoArray(sums, to + Panels.WORDS + lane);
    }
  }

  /** 8-bit codes; two columns in a slab. */
  static void bytes(
      MemorySegment memory, long at, int columns, float[] x, int first, float[] sums, int to) {
    for (int lane = 0; lane < Panels.WORDS; lane += Lanes.COUNT) {
      FloatVector l0 = FloatVector.zero(Lanes.FLOAT);
      FloatVector l1 = l0;
      FloatVector l2 = l0;
      FloatVector l3 = l0;
      FloatVector h0 = l0;
      FloatVector h1 = l0;
      FloatVector h2 = l0;
      FloatVector h3 = l0;
      long base = at + (long) lane * Integer.BYTES;
      for (int p = 0; p < columns; p += 4) {
        long here = base + (long) p * (Panels.SLAB_BYTES / 2);
        IntVector v = IntVector.fromMemorySegment(Lanes.INT, memory, here, Lanes.ORDER);
        IntVector w =
            IntVector.fromMemorySegment(Lanes.INT, memory, here + Panels.SLAB_BYTES, Lanes.ORDER);
        FloatVector x0 = FloatVector.broadcast(Lanes.FLOAT, x[first + p]);
        FloatVector x1 = FloatVector.broadcast(Lanes.FLOAT, x[first + p + 1]);
        FloatVector x2 = FloatVector.broadcast(Lanes.FLOAT, x[first + p + 2]);
        FloatVector x3 = FloatVector.broadcast(Lanes.FLOAT, x[first + p + 3]);
        l0 = code(v.lanewise(LSHL, 24).lanewise(ASHR, 24)).fma(x0, l0);
        l1 = code(v.lanewise(LSHL, 16).lanewise(ASHR, 24)).fma(x1, l1);
        l2 = code(w.lanewise(LSHL, 24).lanewise(ASHR, 24)).fma(x2, l2);
        l3 = code(w.lanewise(LSHL, 16).lanewise(ASHR, 24)).fma(x3, l3);
        h0 = code(v.lanewise(LSHL, 8).lanewise(ASHR, 24)).fma(x0, h0);
        h1 = code(v.lanewise(ASHR, 24)).fma(x1, h1);
        h2 = code(w.lanewise(LSHL, 8).lanewise(ASHR, 24)).fma(x2, h2);
        h3 = code(w.lanewise(ASHR, 24)).fma(x3, h3);
      }
      l0.add(l1).add(l2.add(l3)).intoArray(sums, to + lane);
      h0.add(h1).add(h2.add(h3)).intoArray(sums, to + Panels.WORDS + lane);
    }
  }

  /** bf16 values; one column in a slab. */
  static void brainFloats(
      MemorySegment memory, long at, int columns, float[] x, int first, float[] sums, int to) {
    for (int lane = 0; lane < Panels.WORDS; lane += Lanes.COUNT) {
      FloatVector l0 = FloatVector.zero(Lanes.FLOAT);
      FloatVector l1 = l0;
      FloatVector l2 = l0;
      FloatVector l3 = l0;
      FloatVector h0 = l0;
      FloatVector h1 = l0;
      FloatVector h2 = l0;
      FloatVector h3 = l0;
      long base = at + (long) lane * Integer.BYTES;
      for (int p = 0; p < columns; p += 4) {
        long here = base + (long) p * Panels.SLAB_BYTES;
        IntVector v0 = IntVector.fromMemorySegment(Lanes.INT, memory, here, Lanes.ORDER);
        IntVector v1 =
            IntVector.fromMemorySegment(Lanes.INT, memory, here + Panels.SLAB_BYTES, Lanes.ORDER);
        IntVector v2 =
            IntVector.fromMemorySegment(
                Lanes.INT, memory, here + 2 * Panels.SLAB_BYTES, Lanes.ORDER);
        IntVector v3 =
            IntVector.fromMemorySegment(
                Lanes.INT, memory, here + 3 * Panels.SLAB_BYTES, Lanes.ORDER);
        FloatVector x0 = FloatVector.broadcast(Lanes.FLOAT, x[first + p]);
        FloatVector x1 = FloatVector.broadcast(Lanes.FLOAT, x[first + p + 1]);
        FloatVector x2 = FloatVector.broadcast(Lanes.FLOAT, x[first + p + 2]);
        FloatVector x3 = FloatVector.broadcast(Lanes.FLOAT, x[first + p + 3]);
        l0 = v0.lanewise(LSHL, 16).reinterpretAsFloats().fma(x0, l0);
        l1 = v1.lanewise(LSHL, 16).reinterpretAsFloats().fma(x1, l1);
        l2 = v2.lanewise(LSHL, 16).reinterpretAsFloats().fma(x2, l2);
        l3 = v3.lanewise(LSHL, 16).reinterpretAsFloats().fma(x3, l3);
        h0 = v0.and(UPPER).reinterpretAsFloats().fma(x0, h0);
        h1 = v1.and(UPPER).reinterpretAsFloats().fma(x1, h1);
        h2 = v2.and(UPPER).reinterpretAsFloats().fma(x2, h2);
        h3 = v3.and(UPPER).reinterpretAsFloats().fma(x3, h3);
      }
      l0.add(l1).add(l2.add(l3)).intoArray(sums, to + lane);
      h0.add(h1).add(h2.add(h3)).intoArray(sums, to + Panels.WORDS + lane);
    }
  }

  /** Small enough to be inlined always: the vector does not leave the registers. */
  private static FloatVector code(IntVector codes) {
    return (FloatVector) codes.convert(I2F, 0);
  }
}
