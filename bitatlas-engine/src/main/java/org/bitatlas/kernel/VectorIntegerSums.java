package org.bitatlas.kernel;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.LSHL;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/**
 * Sums of 8-bit and 4-bit codes times activation codes. Products are taken in 16-bit lanes, one per
 * row, and widened to 32 bits before they could overflow; the 16-bit lanes of a word are its low
 * row and its high row.
 */
final class VectorIntegerSums {

  private VectorIntegerSums() {}

  /**
   * 8-bit codes, activations of -128 .. 127. The sum of two products lies in -32512 .. 32768; less
   * one it fits 16 bits, and the ones are added back at the end.
   *
   * @param at of the group's first slab
   * @param slabs of the group; two columns each
   * @param codes from {@code first} on
   * @param sums [32] from {@code to} on
   */
  static void bytes(
      MemorySegment memory, long at, int slabs, short[] codes, int first, int[] sums, int to) {
    for (int lane = 0; lane < Panels.WORDS; lane += Lanes.COUNT) {
      IntVector low = IntVector.broadcast(Lanes.INT, slabs);
      IntVector high = low;
      long base = at + (long) lane * Integer.BYTES;
      int slab = 0;
      for (; slab + 2 <= slabs; slab += 2) {
        long here = base + (long) slab * Panels.SLAB_BYTES;
        int k = first + 2 * slab;
        ShortVector v = ShortVector.fromMemorySegment(Lanes.SHORT, memory, here, Lanes.ORDER);
        ShortVector w =
            ShortVector.fromMemorySegment(
                Lanes.SHORT, memory, here + Panels.SLAB_BYTES, Lanes.ORDER);
        IntVector p =
            v.lanewise(LSHL, 8)
                .lanewise(ASHR, 8)
                .mul(codes[k])
                .add(v.lanewise(ASHR, 8).mul(codes[k + 1]))
                .sub((short) 1)
                .reinterpretAsInts();
        IntVector q =
            w.lanewise(LSHL, 8)
                .lanewise(ASHR, 8)
                .mul(codes[k + 2])
                .add(w.lanewise(ASHR, 8).mul(codes[k + 3]))
                .sub((short) 1)
                .reinterpretAsInts();
        low =
            low.add(p.lanewise(LSHL, 16).lanewise(ASHR, 16))
                .add(q.lanewise(LSHL, 16).lanewise(ASHR, 16));
        high = high.add(p.lanewise(ASHR, 16)).add(q.lanewise(ASHR, 16));
      }
      if (slab < slabs) {
        long here = base + (long) slab * Panels.SLAB_BYTES;
        int k = first + 2 * slab;
        ShortVector v = ShortVector.fromMemorySegment(Lanes.SHORT, memory, here, Lanes.ORDER);
        IntVector p =
            v.lanewise(LSHL, 8)
                .lanewise(ASHR, 8)
                .mul(codes[k])
                .add(v.lanewise(ASHR, 8).mul(codes[k + 1]))
                .sub((short) 1)
                .reinterpretAsInts();
        low = low.add(p.lanewise(LSHL, 16).lanewise(ASHR, 16));
        high = high.add(p.lanewise(ASHR, 16));
      }
      low.intoArray(sums, to + lane);
      high.intoArray(sums, to + Panels.WORDS + lane);
    }
  }

  /** 8-bit codes, activations of -255 .. 255: single products fit 16 bits, their sums do not. */
  static void wideBytes(
      MemorySegment memory, long at, int slabs, short[] codes, int first, int[] sums, int to) {
    for (int lane = 0; lane < Panels.WORDS; lane += Lanes.COUNT) {
      IntVector low = IntVector.zero(Lanes.INT);
      IntVector high = low;
      long base = at + (long) lane * Integer.BYTES;
      for (int slab = 0; slab < slabs; slab++) {
        long here = base + (long) slab * Panels.SLAB_BYTES;
        int k = first + 2 * slab;
        ShortVector v = ShortVector.fromMemorySegment(Lanes.SHORT, memory, here, Lanes.ORDER);
        IntVector p = v.lanewise(LSHL, 8).lanewise(ASHR, 8).mul(codes[k]).reinterpretAsInts();
        IntVector q = v.lanewise(ASHR, 8).mul(codes[k + 1]).reinterpretAsInts();
        low =
            low.add(p.lanewise(LSHL, 16).lanewise(ASHR, 16))
                .add(q.lanewise(LSHL, 16).lanewise(ASHR, 16));
        high = high.add(p.lanewise(ASHR, 16)).add(q.lanewise(ASHR, 16));
      }
      low.intoArray(sums, to + lane);
      high.intoArray(sums, to + Panels.WORDS + lane);
    }
  }

  /**
   * 4-bit codes, activations of -255 .. 255. Sixteen products, each at most 8 * 255, fit 16 bits.
   *
   * @param slabs of the group; four columns each
   */
  static void nibbles(
      MemorySegment memory, long at, int slabs, short[] codes, int first, int[] sums, int to) {
    for (int lane = 0; lane < Panels.WORDS; lane += Lanes.COUNT) {
      IntVector low = IntVector.zero(Lanes.INT);
      IntVector high = low;
      long base = at + (long) lane * Integer.BYTES;
      int slab = 0;
      for (; slab + 4 <= slabs; slab += 4) {
        ShortVector sum = ShortVector.zero(Lanes.SHORT);
        for (int next = slab; next < slab + 4; next++) {
          sum = sum.add(fourColumns(memory, base, next, codes, first));
        }
        IntVector p = sum.reinterpretAsInts();
        low = low.add(p.lanewise(LSHL, 16).lanewise(ASHR, 16));
        high = high.add(p.lanewise(ASHR, 16));
      }
      for (; slab < slabs; slab++) {
        IntVector p = fourColumns(memory, base, slab, codes, first).reinterpretAsInts();
        low = low.add(p.lanewise(LSHL, 16).lanewise(ASHR, 16));
        high = high.add(p.lanewise(ASHR, 16));
      }
      low.intoArray(sums, to + lane);
      high.intoArray(sums, to + Panels.WORDS + lane);
    }
  }

  /**
   * Sums of groups times their second scales, over the first of them.
   *
   * @param seconds a slab of 16-bit numbers a group, from {@code at} on
   * @param sums [G x 32] from {@code from} on
   */
  static void join(MemorySegment seconds, long at, int groups, int[] sums, int from) {
    for (int lane = 0; lane < Panels.WORDS; lane += Lanes.COUNT) {
      IntVector low = IntVector.zero(Lanes.INT);
      IntVector high = low;
      for (int group = 0; group < groups; group++) {
        long here = at + (long) group * Panels.SLAB_BYTES + (long) lane * Integer.BYTES;
        IntVector v = IntVector.fromMemorySegment(Lanes.INT, seconds, here, Lanes.ORDER);
        int place = from + group * Panels.ROWS + lane;
        low =
            v.lanewise(LSHL, 16)
                .lanewise(ASHR, 16)
                .mul(IntVector.fromArray(Lanes.INT, sums, place))
                .add(low);
        high =
            v.lanewise(ASHR, 16)
                .mul(IntVector.fromArray(Lanes.INT, sums, place + Panels.WORDS))
                .add(high);
      }
      low.intoArray(sums, from + lane);
      high.intoArray(sums, from + Panels.WORDS + lane);
    }
  }

  /** Small enough to be inlined always: the vector does not leave the registers. */
  private static ShortVector fourColumns(
      MemorySegment memory, long base, int slab, short[] codes, int first) {
    int k = first + 4 * slab;
    ShortVector v =
        ShortVector.fromMemorySegment(
            Lanes.SHORT, memory, base + (long) slab * Panels.SLAB_BYTES, Lanes.ORDER);
    ShortVector p = v.lanewise(LSHL, 12).lanewise(ASHR, 12).mul(codes[k]);
    ShortVector q = v.lanewise(LSHL, 8).lanewise(ASHR, 12).mul(codes[k + 1]);
    ShortVector r = v.lanewise(LSHL, 4).lanewise(ASHR, 12).mul(codes[k + 2]);
    ShortVector s = v.lanewise(ASHR, 12).mul(codes[k + 3]);
    return p.add(q).add(r.add(s));
  }
}
