package org.bitatlas.format.gguf;

import java.util.List;

/**
 * One tensor of a GGUF file as its header describes it.
 *
 * @param name tensor name, for example {@code blk.0.attn_q.weight}
 * @param type block type
 * @param shape sizes, outermost first (the file stores them the other way round), 1 to 4 of them
 * @param offset first byte, counted from the beginning of the tensor data
 */
public record GgufTensorInfo(String name, GgufType type, List<Long> shape, long offset) {

  /** Weights of one row K: the innermost size. */
  public int columns() {
    return Math.toIntExact(shape.getLast());
  }

  /** Number of rows N: the product of the outer sizes. */
  public int rows() {
    long rows = 1;
    for (long size : shape.subList(0, shape.size() - 1)) {
      rows = Math.multiplyExact(rows, size);
    }
    return Math.toIntExact(rows);
  }

  /** Bytes of all rows. */
  public long byteSize() {
    return (long) rows() * type.rowBytes(columns());
  }
}
