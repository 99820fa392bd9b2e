package org.bitatlas.kernel;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.XOR;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/**
 * Codes of 16 rows brought to signed bytes, four columns of a row in a 32-bit lane. See {@link
 * RowKernels#unpack}; here whole groups of four columns are done.
 */
final class VectorUnpacking {

  /** Lanes of 16 bits hold the sum of so many times two bytes. */
  private static final int PARTIAL = 64;

  private VectorUnpacking() {}

  /**
   * 4-bit codes.
   *
   * @param at of the group's first slab
   * @param quads whole groups of four columns, a slab each
   * @param shift 0 for the low rows of the words, 16 for the high ones
   * @param target from {@code place} on
   * @param stride bytes from four columns to the next
   * @param sums [16] from {@code to} on: the zero point in each byte, then the sums
   */
  static void nibbles(
      MemorySegment memory,
      long at,
      int quads,
      int shift,
      MemorySegment target,
      long place,
      long stride,
      int[] sums,
      int to) {
    for (int lane = 0; lane < Panels.WORDS; lane += Lanes.COUNT) {
      ByteVector zero = IntVector.fromArray(Lanes.INT, sums, to + lane).reinterpretAsBytes();
      IntVector total = IntVector.zero(Lanes.INT);
      long from = at + (long) lane * Integer.BYTES;
      long into = place + (long) lane * Integer.BYTES;
      for (int first = 0; first < quads; first += PARTIAL) {
        ShortVector partial = ShortVector.zero(Lanes.SHORT);
        int end = Math.min(first + PARTIAL, quads);
        for (int quad = first; quad < end; quad++) {
          IntVector v =
              IntVector.fromMemorySegment(
                      Lanes.INT, memory, from + (long) quad * Panels.SLAB_BYTES, Lanes.ORDER)
                  .lanewise(LSHR, shift)
                  .and(0xFFFF);
          IntVector pairs = v.or(v.lanewise(LSHL, 8)).and(0x00FF00FF);
          IntVector bytes =
              pairs
                  .or(pairs.lanewise(LSHL, 4))
                  .and(0x0F0F0F0F)
                  // Adds 8 to each signed code, which the zero point contains.
                  .lanewise(XOR, 0x08080808)
                  .reinterpretAsBytes()
                  .sub(zero)
                  .reinterpretAsInts();
          bytes.intoMemorySegment(target, into + quad * stride, Lanes.ORDER);
          ShortVector halves = bytes.reinterpretAsShorts();
          partial =
              partial.add(halves.lanewise(LSHL, 8).lanewise(ASHR, 8)).add(halves.lanewise(ASHR, 8));
        }
        IntVector both = partial.reinterpretAsInts();
        total = total.add(both.lanewise(LSHL, 16).lanewise(ASHR, 16)).add(both.lanewise(ASHR, 16));
      }
      total.intoArray(sums, to + lane);
    }
  }

  /**
   * 4-bit codes times the second scale of their row, which are signed bytes.
   *
   * @param seconds slab of 16-bit numbers from {@code secondsAt} on
   * @param sums as in {@link #nibbles}, all zero points 8
   */
  static void scaledNibbles(
      MemorySegment memory,
      long at,
      int quads,
      int shift,
      MemorySegment seconds,
      long secondsAt,
      MemorySegment target,
      long place,
      long stride,
      int[] sums,
      int to) {
    for (int lane = 0; lane < Panels.WORDS; lane += Lanes.COUNT) {
      long ofLane = (long) lane * Integer.BYTES;
      IntVector second =
          IntVector.fromMemorySegment(Lanes.INT, seconds, secondsAt + ofLane, Lanes.ORDER)
              .lanewise(LSHR, shift)
              .and(0xFFFF);
      ShortVector factor = second.or(second.lanewise(LSHL, 16)).reinterpretAsShorts();
      IntVector total = IntVector.zero(Lanes.INT);
      long from = at + ofLane;
      long into = place + ofLane;
      for (int first = 0; first < quads; first += PARTIAL) {
        ShortVector partial = ShortVector.zero(Lanes.SHORT);
        int end = Math.min(first + PARTIAL, quads);
        for (int quad = first; quad < end; quad++) {
          IntVector v =
              IntVector.fromMemorySegment(
                      Lanes.INT, memory, from + (long) quad * Panels.SLAB_BYTES, Lanes.ORDER)
                  .lanewise(LSHR, shift)
                  .and(0xFFFF);
          // Codes 0 and 1 of the four in the lower half of the lane, 2 and 3 in the upper.
          ShortVector pairs = v.or(v.lanewise(LSHL, 8)).and(0x00FF00FF).reinterpretAsShorts();
          ShortVector even = pairs.lanewise(LSHL, 12).lanewise(ASHR, 12).mul(factor);
          ShortVector odd = pairs.lanewise(LSHL, 8).lanewise(ASHR, 12).mul(factor);
          even.and((short) 0xFF)
              .or(odd.lanewise(LSHL, 8))
              .reinterpretAsInts()
              .intoMemorySegment(target, into + quad * stride, Lanes.ORDER);
          partial = partial.add(even).add(odd);
        }
        IntVector both = partial.reinterpretAsInts();
        total = total.add(both.lanewise(LSHL, 16).lanewise(ASHR, 16)).add(both.lanewise(ASHR, 16));
      }
      total.intoArray(sums, to + lane);
    }
  }

  /** 8-bit codes; two slabs hold four columns. */
  static void bytes(
      MemorySegment memory,
      long at,
      int quads,
      int shift,
      MemorySegment target,
      long place,
      long stride,
      int[] sums,
      int to) {
    for (int lane = 0; lane < Panels.WORDS; lane += Lanes.COUNT) {
      ByteVector zero = IntVector.fromArray(Lanes.INT, sums, to + lane).reinterpretAsBytes();
      IntVector total = IntVector.zero(Lanes.INT);
      long from = at + (long) lane * Integer.BYTES;
      long into = place + (long) lane * Integer.BYTES;
      for (int first = 0; first < quads; first += PARTIAL) {
        ShortVector partial = ShortVector.zero(Lanes.SHORT);
        int end = Math.min(first + PARTIAL, quads);
        for (int quad = first; quad < end; quad++) {
          long slab = from + 2L * quad * Panels.SLAB_BYTES;
          IntVector v = IntVector.fromMemorySegment(Lanes.INT, memory, slab, Lanes.ORDER);
          IntVector w =
              IntVector.fromMemorySegment(Lanes.INT, memory, slab + Panels.SLAB_BYTES, Lanes.ORDER);
          IntVector bytes =
              v.lanewise(LSHR, shift)
                  .and(0xFFFF)
                  .or(w.lanewise(LSHR, shift).lanewise(LSHL, 16))
                  .reinterpretAsBytes()
                  .sub(zero)
                  .reinterpretAsInts();
          bytes.intoMemorySegment(target, into + quad * stride, Lanes.ORDER);
          ShortVector halves = bytes.reinterpretAsShorts();
          partial =
              partial.add(halves.lanewise(LSHL, 8).lanewise(ASHR, 8)).add(halves.lanewise(ASHR, 8));
        }
        IntVector both = partial.reinterpretAsInts();
        total = total.add(both.lanewise(LSHL, 16).lanewise(ASHR, 16)).add(both.lanewise(ASHR, 16));
      }
      total.intoArray(sums, to + lane);
    }
  }
}
