package org.bitatlas.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.bitatlas.checkpoint.LittleEndianArrays;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.checkpoint.TensorData;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;

/** Integer arrays as stored tensors, made when they are written, and back. */
public final class StoredIntegers {

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private StoredIntegers() {}

  /** An I32 tensor. */
  public static TensorData ints(String name, Supplier<int[]> values, long... shape) {
    return new TensorData(
        name, ElementType.I32, sizes(shape), () -> LittleEndianArrays.of(values.get()));
  }

  /** An I64 tensor. */
  public static TensorData longs(String name, Supplier<long[]> values, long... shape) {
    return new TensorData(
        name, ElementType.I64, sizes(shape), () -> LittleEndianArrays.of(values.get()));
  }

  /** An I8 tensor. */
  public static TensorData bytes(String name, Supplier<byte[]> values, long... shape) {
    return new TensorData(
        name, ElementType.I8, sizes(shape), () -> MemorySegment.ofArray(values.get()));
  }

  /**
   * The content of an I32 tensor.
   *
   * @throws BitAtlasException when it is of another type or shape
   */
  public static int[] ints(StoredTensor tensor, long... shape) {
    require(tensor, ElementType.I32, shape);
    return tensor.data().toArray(INT);
  }

  /**
   * The content of an I64 tensor.
   *
   * @throws BitAtlasException when it is of another type or shape
   */
  public static long[] longs(StoredTensor tensor, long... shape) {
    require(tensor, ElementType.I64, shape);
    return tensor.data().toArray(LONG);
  }

  /**
   * The content of an I8 tensor.
   *
   * @throws BitAtlasException when it is of another type or shape
   */
  public static byte[] bytes(StoredTensor tensor, long... shape) {
    require(tensor, ElementType.I8, shape);
    return tensor.data().toArray(ValueLayout.JAVA_BYTE);
  }

  /**
   * Checks type and shape of a tensor.
   *
   * @throws BitAtlasException when it is of another type or shape, or larger than a layer can be
   */
  public static void require(StoredTensor tensor, ElementType type, long... shape) {
    if (tensor.type() != type || !tensor.shape().equals(sizes(shape))) {
      throw new BitAtlasException(
          "Tensor %s in %s is %s %s, expected %s %s; the files do not belong together."
              .formatted(
                  tensor.name(), tensor.file(), tensor.type(), tensor.shape(), type, sizes(shape)));
    }
    if (tensor.data().byteSize() > Integer.MAX_VALUE - 8) {
      throw new BitAtlasException(
          "Tensor %s in %s has %d bytes, more than one layer can have here."
              .formatted(tensor.name(), tensor.file(), tensor.data().byteSize()));
    }
  }

  private static List<Long> sizes(long... shape) {
    return Arrays.stream(shape).boxed().toList();
  }
}
