package org.bitatlas.format.modelslim;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.checkpoint.TensorData;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;

/** Integer arrays as stored tensors of type I8, I32 or I64, and back. */
final class StoredIntegers {

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private StoredIntegers() {}

  /** An I8 tensor whose values are computed when asked for. */
  static TensorData bytes(String name, Supplier<byte[]> values, long... shape) {
    return new TensorData(
        name, ElementType.I8, boxed(shape), () -> MemorySegment.ofArray(values.get()));
  }

  /** An I32 tensor whose values are computed when asked for. */
  static TensorData ints(String name, Supplier<int[]> values, long... shape) {
    return new TensorData(
        name,
        ElementType.I32,
        boxed(shape),
        () -> {
          int[] content = values.get();
          MemorySegment bytes = Arena.ofAuto().allocate((long) content.length * Integer.BYTES);
          MemorySegment.copy(content, 0, bytes, INT, 0, content.length);
          return bytes;
        });
  }

  /** An I64 tensor. */
  static TensorData longs(String name, long[] values, long... shape) {
    return new TensorData(
        name,
        ElementType.I64,
        boxed(shape),
        () -> {
          MemorySegment bytes = Arena.ofAuto().allocate((long) values.length * Long.BYTES);
          MemorySegment.copy(values, 0, bytes, LONG, 0, values.length);
          return bytes;
        });
  }

  /** The values of an I8 tensor. */
  static byte[] bytes(StoredTensor tensor, long... shape) {
    return stored(tensor, ElementType.I8, shape).toArray(ValueLayout.JAVA_BYTE);
  }

  /** The values of an I64 tensor. */
  static long[] longs(StoredTensor tensor, long... shape) {
    return stored(tensor, ElementType.I64, shape).toArray(LONG);
  }

  private static MemorySegment stored(StoredTensor tensor, ElementType type, long... shape) {
    if (tensor.type() != type || !tensor.shape().equals(boxed(shape))) {
      throw new BitAtlasException(
          "Tensor %s in %s is %s %s, expected %s %s."
              .formatted(
                  tensor.name(), tensor.file(), tensor.type(), tensor.shape(), type, boxed(shape)));
    }
    return tensor.data();
  }

  private static List<Long> boxed(long... shape) {
    return Arrays.stream(shape).boxed().toList();
  }
}
