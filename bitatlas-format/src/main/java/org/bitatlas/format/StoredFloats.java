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

/** Float arrays as stored tensors of type F32, F16 or BF16, and back. */
public final class StoredFloats {

  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private StoredFloats() {}

  /** A value rounded to a type, half to even. */
  public static float round(float value, ElementType type) {
    return switch (type) {
      case F32 -> value;
      case F16 -> Float.float16ToFloat(Float.floatToFloat16(value));
      case BF16 -> fromBrain(toBrain(value));
      default -> throw new IllegalArgumentException("not a float type: " + type);
    };
  }

  /** Whether a type holds every value exactly. */
  public static boolean holds(ElementType type, float[] values) {
    for (float value : values) {
      if (round(value, type) != value) {
        return false;
      }
    }
    return true;
  }

  /**
   * A tensor of {@code type} where that holds every value, else of F32.
   *
   * @param values asked for to choose the type, and again when the tensor is written
   */
  public static TensorData narrowest(
      String name, Supplier<float[]> values, ElementType type, long... shape) {
    return tensor(name, values, holds(type, values.get()) ? type : ElementType.F32, shape);
  }

  /** A tensor of a float type; values are rounded half to even. */
  public static TensorData tensor(String name, float[] values, ElementType type, long... shape) {
    return tensor(name, () -> values, type, shape);
  }

  /** A tensor of a float type whose values are made when it is written. */
  public static TensorData tensor(
      String name, Supplier<float[]> values, ElementType type, long... shape) {
    return new TensorData(
        name, type, Arrays.stream(shape).boxed().toList(), () -> bytes(values.get(), type));
  }

  private static MemorySegment bytes(float[] values, ElementType type) {
    if (type == ElementType.F32) {
      return LittleEndianArrays.of(values);
    }
    short[] halves = new short[values.length];
    for (int i = 0; i < values.length; i++) {
      halves[i] = type == ElementType.F16 ? Float.floatToFloat16(values[i]) : toBrain(values[i]);
    }
    return LittleEndianArrays.of(halves);
  }

  /**
   * The values of a stored float tensor, widened to fp32.
   *
   * @throws BitAtlasException when it has another shape, is of no float type or holds a value that
   *     is not finite
   */
  public static float[] values(StoredTensor tensor, List<Long> shape) {
    if (!tensor.shape().equals(shape)) {
      throw new BitAtlasException(
          "Tensor %s in %s has shape %s, expected %s."
              .formatted(tensor.name(), tensor.file(), tensor.shape(), shape));
    }
    float[] values = new float[Math.toIntExact(tensor.elementCount())];
    MemorySegment data = tensor.data();
    switch (tensor.type()) {
      case F32 -> MemorySegment.copy(data, FLOAT, 0, values, 0, values.length);
      case F16 -> {
        for (int i = 0; i < values.length; i++) {
          values[i] = Float.float16ToFloat(data.get(SHORT, 2L * i));
        }
      }
      case BF16 -> {
        for (int i = 0; i < values.length; i++) {
          values[i] = fromBrain(data.get(SHORT, 2L * i));
        }
      }
      default ->
          throw new BitAtlasException(
              "Tensor %s in %s is of type %s, expected F32, F16 or BF16."
                  .formatted(tensor.name(), tensor.file(), tensor.type()));
    }
    for (float value : values) {
      if (!Float.isFinite(value)) {
        throw new BitAtlasException(
            "Tensor %s in %s holds %s, expected finite values; the file is damaged."
                .formatted(tensor.name(), tensor.file(), value));
      }
    }
    return values;
  }

  private static float fromBrain(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  /** The upper half of a finite or infinite value's bits, rounded half to even. */
  private static short toBrain(float value) {
    int bits = Float.floatToRawIntBits(value);
    int roundUp = 0x7FFF + ((bits >>> 16) & 1);
    return (short) ((bits + roundUp) >>> 16);
  }
}
