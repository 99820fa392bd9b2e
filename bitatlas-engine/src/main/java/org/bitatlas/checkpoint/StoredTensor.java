package org.bitatlas.checkpoint;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import org.bitatlas.tensor.ElementType;

/**
 * One tensor of a checkpoint as it lies on disk, little-endian, row-major.
 *
 * @param name tensor name, for example {@code model.layers.0.self_attn.q_proj.weight}
 * @param type element type
 * @param shape sizes, outermost first; empty for a scalar
 * @param data the mapped bytes, read-only; valid while the {@link Checkpoint} is open
 * @param file the file that holds the bytes
 */
public record StoredTensor(
    String name, ElementType type, List<Long> shape, MemorySegment data, Path file) {

  /** Number of elements: the product of {@code shape}. */
  public long elementCount() {
    long count = 1;
    for (long size : shape) {
      count = Math.multiplyExact(count, size);
    }
    return count;
  }
}
