package org.bitatlas.kernel;

import static jdk.incubator.vector.VectorOperators.I2S;
import static jdk.incubator.vector.VectorOperators.IS_NAN;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_S2I;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;

/** Rows of bf16 as {@link RowFormat} has them, as many whole vectors as there are. */
final class VectorFormat {

  private VectorFormat() {}

  /**
   * Reads from element {@code first} on.
   *
   * @return elements read
   */
  static int read(MemorySegment memory, long first, int count, float[] target, int to) {
    int i = 0;
    for (; i + Lanes.COUNT <= count; i += Lanes.COUNT) {
      ((IntVector)
              ShortVector.fromMemorySegment(
                      Lanes.NARROW, memory, (first + i) * Short.BYTES, Lanes.ORDER)
                  .convertShape(ZERO_EXTEND_S2I, Lanes.INT, 0))
          .lanewise(LSHL, Short.SIZE)
          .reinterpretAsFloats()
          .intoArray(target, to + i);
    }
    return i;
  }

  /**
   * Writes from element {@code first} on, rounded to nearest even.
   *
   * @return elements written
   */
  static int write(float[] values, int from, int count, MemorySegment memory, long first) {
    int i = 0;
    for (; i + Lanes.COUNT <= count; i += Lanes.COUNT) {
      FloatVector value = FloatVector.fromArray(Lanes.FLOAT, values, from + i);
      IntVector bits = value.reinterpretAsInts();
      VectorMask<Integer> nan = value.test(IS_NAN).cast(Lanes.INT);
      IntVector upper =
          bits.add(bits.lanewise(LSHR, Short.SIZE).and(1))
              .add(0x7FFF)
              .lanewise(LSHR, Short.SIZE)
              .blend(RowFormat.NOT_A_NUMBER, nan);
      ((ShortVector) upper.convertShape(I2S, Lanes.NARROW, 0))
          .intoMemorySegment(memory, (first + i) * Short.BYTES, Lanes.ORDER);
    }
    return i;
  }
}
