package org.bitatlas.format.gguf;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Numbers in byte arrays, least significant byte first. */
final class LittleEndian {

  private static final VarHandle SHORTS =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private LittleEndian() {}

  /** The 16 bits at byte {@code at}. */
  static short bits16(byte[] bytes, int at) {
    return (short) SHORTS.get(bytes, at);
  }

  /** The 32 bits at byte {@code at}. */
  static int bits32(byte[] bytes, int at) {
    return (int) INTS.get(bytes, at);
  }

  /** The half-precision number at byte {@code at}, widened. */
  static float half(byte[] bytes, int at) {
    return Float.float16ToFloat(bits16(bytes, at));
  }

  /** Puts 16 bits at byte {@code at}. */
  static void put16(byte[] bytes, int at, short bits) {
    SHORTS.set(bytes, at, bits);
  }

  /** Puts 32 bits at byte {@code at}. */
  static void put32(byte[] bytes, int at, int bits) {
    INTS.set(bytes, at, bits);
  }

  /** Puts a number at byte {@code at}, rounded half to even to half precision. */
  static void putHalf(byte[] bytes, int at, float value) {
    put16(bytes, at, Float.floatToFloat16(value));
  }
}
