package org.bitatlas.kernel;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.bitatlas.tensor.ElementType;

/**
 * Keys {@code begin} to {@code end} of a part, brought to the layout of oneDNN's products block by
 * block, and the state of the softmax of every query head and token before and after them.
 */
final class PromptStretch {

  /** Of a softmax over some keys: the largest score, and the sum of exp(score - largest). */
  record Softmax(float[] largest, float[] sums) {

    /** Of no keys. */
    static Softmax start(int rows) {
      float[] largest = new float[rows];
      Arrays.fill(largest, Float.NEGATIVE_INFINITY);
      return new Softmax(largest, new float[rows]);
    }
  }

  private final PromptPart part;
  private final AttentionProducts products;
  private final Softmax softmax;
  private final int begin;
  private final int end;
  private final int keyHeads;
  private final long at;
  private final int blocks;

  /**
   * A stretch.
   *
   * @param softmax [H x count]
   * @param begin a multiple of the keys of a block
   * @param at first byte of its blocks among the prepared ones
   */
  PromptStretch(
      PromptPart part,
      AttentionProducts products,
      Softmax softmax,
      int begin,
      int end,
      int keyHeads,
      long at) {
    this.part = part;
    this.products = products;
    this.softmax = softmax;
    this.begin = begin;
    this.end = end;
    this.keyHeads = keyHeads;
    this.at = at;
    this.blocks = Math.ceilDiv(end - begin, products.keys());
  }

  PromptPart part() {
    return part;
  }

  AttentionProducts products() {
    return products;
  }

  Softmax softmax() {
    return softmax;
  }

  int end() {
    return end;
  }

  /** Whether no keys come after these. */
  boolean last() {
    return end == part.keys();
  }

  int blocks() {
    return blocks;
  }

  /** First key of a block. */
  int firstKey(int block) {
    return begin + block * products.keys();
  }

  long bytes() {
    return keyHeads * blocks * products.bytes();
  }

  /** First byte of a block: K^T, V behind it. */
  long block(int head, int block) {
    return at + ((long) head * blocks + block) * products.bytes();
  }

  /** Lays out a block of keys and values; those past the end are 0. */
  void prepare(int head, int block, ElementType type, MemorySegment memory, RowScratch scratch) {
    int dimension = products.dimension();
    int first = firstKey(block);
    int count = Math.min(products.keys(), end - first);
    long element = block(head, block) * Byte.SIZE / type.bits();
    int stride = products.keyStride();
    float[] key = scratch.rows(dimension);
    float[] laid =
        scratch.tile(Math.max(dimension * stride, products.keys() * products.valueStride()));
    Arrays.fill(laid, 0, dimension * stride, 0);
    for (int t = 0; t < count; t++) {
      part.seen().key(head, first + t, key, 0);
      for (int i = 0; i < dimension; i++) {
        laid[i * stride + t] = key[i];
      }
    }
    RowFormat.write(laid, 0, dimension * stride, memory, type, element);
    int values = products.keys() * products.valueStride();
    Arrays.fill(laid, 0, values, 0);
    for (int t = 0; t < count; t++) {
      part.seen().value(head, first + t, laid, t * products.valueStride());
    }
    RowFormat.write(laid, 0, values, memory, type, element + products.valuesAt());
  }
}
