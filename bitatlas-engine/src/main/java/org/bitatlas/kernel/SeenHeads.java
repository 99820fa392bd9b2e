package org.bitatlas.kernel;

import java.lang.foreign.MemorySegment;
import org.bitatlas.tensor.ElementType;

/**
 * Keys and values as they stand among the heads of tokens.
 *
 * @param memory of F32 or BF16
 * @param keys element of the first token's first key
 * @param values element of the first token's first value
 * @param stride elements from one token to the next
 * @param dimension d
 */
public record SeenHeads(
    MemorySegment memory, ElementType type, long keys, long values, long stride, int dimension)
    implements SeenTokens {

  @Override
  public void key(int head, int token, float[] target, int to) {
    RowFormat.read(memory, type, at(keys, head, token), dimension, target, to);
  }

  @Override
  public void value(int head, int token, float[] target, int to) {
    RowFormat.read(memory, type, at(values, head, token), dimension, target, to);
  }

  private long at(long first, int head, int token) {
    return first + token * stride + (long) head * dimension;
  }
}
