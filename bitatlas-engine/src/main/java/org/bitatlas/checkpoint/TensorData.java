package org.bitatlas.checkpoint;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Supplier;
import org.bitatlas.tensor.ElementType;

/**
 * A tensor to be written. Its bytes are asked for when their turn comes, so that a large checkpoint
 * need not be in memory at once.
 *
 * @param name tensor name
 * @param type element type
 * @param shape sizes, outermost first; empty for a scalar
 * @param bytes the bytes, little-endian, row-major; asked for once, exactly as many as type and
 *     shape need
 */
public record TensorData(
    String name, ElementType type, List<Long> shape, Supplier<MemorySegment> bytes) {

  /** A tensor whose bytes are at hand, for example {@code MemorySegment.ofArray(array)}. */
  public TensorData(String name, ElementType type, List<Long> shape, MemorySegment data) {
    this(name, type, shape, () -> data);
  }

  /**
   * Number of bytes.
   *
   * @throws ArithmeticException when the shape overflows
   */
  public long byteSize() {
    return SafetensorsHeader.byteCount(type, shape);
  }

  /** The same tensor as one read from a checkpoint. */
  public static TensorData of(StoredTensor tensor) {
    return new TensorData(tensor.name(), tensor.type(), tensor.shape(), tensor.data());
  }
}
