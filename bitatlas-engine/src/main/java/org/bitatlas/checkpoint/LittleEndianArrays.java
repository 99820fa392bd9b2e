package org.bitatlas.checkpoint;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Arrays as the bytes that files hold: on little-endian machines the arrays themselves. */
public final class LittleEndianArrays {

  private static final boolean NATIVE = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;

  private LittleEndianArrays() {}

  /** 16-bit values. */
  public static MemorySegment of(short[] values) {
    return NATIVE
        ? MemorySegment.ofArray(values)
        : copy(values, values.length, ValueLayout.JAVA_SHORT_UNALIGNED);
  }

  /** 32-bit values. */
  public static MemorySegment of(int[] values) {
    return NATIVE
        ? MemorySegment.ofArray(values)
        : copy(values, values.length, ValueLayout.JAVA_INT_UNALIGNED);
  }

  /** 64-bit values. */
  public static MemorySegment of(long[] values) {
    return NATIVE
        ? MemorySegment.ofArray(values)
        : copy(values, values.length, ValueLayout.JAVA_LONG_UNALIGNED);
  }

  /** Single precision. */
  public static MemorySegment of(float[] values) {
    return NATIVE
        ? MemorySegment.ofArray(values)
        : copy(values, values.length, ValueLayout.JAVA_FLOAT_UNALIGNED);
  }

  private static MemorySegment copy(Object array, int count, ValueLayout layout) {
    MemorySegment bytes =
        MemorySegment.ofArray(new byte[Math.toIntExact(count * layout.byteSize())]);
    MemorySegment.copy(array, 0, bytes, layout.withOrder(ByteOrder.LITTLE_ENDIAN), 0, count);
    return bytes;
  }
}
