package org.bitatlas.scheme;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.LittleEndianArrays;
import org.bitatlas.checkpoint.StoredTensor;
import org.bitatlas.checkpoint.TensorData;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;

/** Arrays as stored tensors, and back with type and shape checked. */
final class StoredArrays {

  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private StoredArrays() {}

  /** A U8 tensor. */
  static TensorData of(String name, byte[] values, long... shape) {
    return new TensorData(name, ElementType.U8, boxed(shape), MemorySegment.ofArray(values));
  }

  /** An F32 tensor. */
  static TensorData of(String name, float[] values, long... shape) {
    return new TensorData(name, ElementType.F32, boxed(shape), () -> LittleEndianArrays.of(values));
  }

  /** An I32 tensor. */
  static TensorData of(String name, int[] values, long... shape) {
    return new TensorData(name, ElementType.I32, boxed(shape), () -> LittleEndianArrays.of(values));
  }

  /** Checks that there is a U8 tensor of the given shape. */
  static void requireBytes(Checkpoint checkpoint, String name, long... shape) {
    stored(checkpoint, name, ElementType.U8, shape);
  }

  /** The content of a U8 tensor of the given shape. */
  static byte[] bytes(Checkpoint checkpoint, String name, long... shape) {
    return stored(checkpoint, name, ElementType.U8, shape).toArray(ValueLayout.JAVA_BYTE);
  }

  /** The content of an F32 tensor of the given shape. */
  static float[] floats(Checkpoint checkpoint, String name, long... shape) {
    return stored(checkpoint, name, ElementType.F32, shape).toArray(FLOAT);
  }

  /** The content of an I32 tensor of the given shape. */
  static int[] ints(Checkpoint checkpoint, String name, long... shape) {
    return stored(checkpoint, name, ElementType.I32, shape).toArray(INT);
  }

  private static MemorySegment stored(
      Checkpoint checkpoint, String name, ElementType type, long... shape) {
    StoredTensor tensor = checkpoint.get(name);
    boolean fits = tensor.type() == type && tensor.shape().equals(boxed(shape));
    if (!fits || tensor.elementCount() > Integer.MAX_VALUE - 8) {
      throw new BitAtlasException(
          "Tensor %s in %s is %s %s, but %s says %s %s; the files do not belong together."
              .formatted(
                  name,
                  tensor.file(),
                  tensor.type(),
                  tensor.shape(),
                  QuantizedCheckpointFolder.MANIFEST,
                  type,
                  boxed(shape)));
    }
    return tensor.data();
  }

  private static List<Long> boxed(long... shape) {
    return Arrays.stream(shape).boxed().toList();
  }
}
