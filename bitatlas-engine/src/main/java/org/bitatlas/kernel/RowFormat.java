package org.bitatlas.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/** Rows of fp32 or bf16 between tensors' memory and arrays. */
final class RowFormat {

  /** The bf16 pattern of what is not a number. */
  static final int NOT_A_NUMBER = 0x7FC0;

  private static final boolean VECTORS = RowKernels.selected() instanceof VectorRowKernels;

  private RowFormat() {}

  /** Reads {@code count} elements from element {@code first} on. */
  static void read(
      MemorySegment memory, ElementType type, long first, int count, float[] target, int to) {
    if (type == ElementType.F32) {
      MemorySegment.copy(memory, ValueLayout.JAVA_FLOAT, first * Float.BYTES, target, to, count);
      return;
    }
    int done = VECTORS ? VectorFormat.read(memory, first, count, target, to) : 0;
    for (int i = done; i < count; i++) {
      int bits = memory.get(ValueLayout.JAVA_SHORT, (first + i) * Short.BYTES);
      target[to + i] = Float.intBitsToFloat(bits << Short.SIZE);
    }
  }

  /** Writes {@code count} elements from element {@code first} on, rounded to nearest even. */
  static void write(
      float[] values, int from, int count, MemorySegment memory, ElementType type, long first) {
    if (type == ElementType.F32) {
      MemorySegment.copy(values, from, memory, ValueLayout.JAVA_FLOAT, first * Float.BYTES, count);
      return;
    }
    int done = VECTORS ? VectorFormat.write(values, from, count, memory, first) : 0;
    for (int i = done; i < count; i++) {
      memory.set(ValueLayout.JAVA_SHORT, (first + i) * Short.BYTES, brain(values[from + i]));
    }
  }

  /** Adds b [N] to each of the rows that {@code count} results are; nothing where b is empty. */
  static void addBias(float[] bias, float[] results, int count) {
    for (int at = 0; bias.length > 0 && at < count; at += bias.length) {
      for (int n = 0; n < bias.length; n++) {
        results[at + n] += bias[n];
      }
    }
  }

  /** The upper half of a float's pattern, rounded to nearest, half to even. */
  static short brain(float value) {
    int bits = Float.floatToRawIntBits(value);
    int rounded = (bits + 0x7FFF + (bits >>> Short.SIZE & 1)) >>> Short.SIZE;
    return (short) (Float.isNaN(value) ? NOT_A_NUMBER : rounded);
  }

  /** Where a product goes when its bias was added: itself where that is its type. */
  static Tensor sumOf(Tensor product, ElementType type) {
    return product.elementType() == type ? product : Tensor.empty(type, product.shape());
  }

  /** A vector in F32, to be closed by the caller. */
  static Tensor vector(float[] values) {
    try (TensorScope _ = TensorScope.open()) {
      return Tensor.from(values, values.length).unscoped();
    }
  }

  /** Refuses what these rows cannot be made of. */
  static ElementType require(ElementType type) {
    if (type != ElementType.F32 && type != ElementType.BF16) {
      throw new IllegalArgumentException("activations of " + type);
    }
    return type;
  }
}
