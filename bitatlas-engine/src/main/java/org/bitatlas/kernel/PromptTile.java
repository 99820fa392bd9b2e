package org.bitatlas.kernel;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.bitatlas.tensor.ElementType;

/**
 * Some tokens of one query head, attending to the keys of a stretch a block at a time: O becomes
 * exp(m - m') O + P V, with P = exp(S - m'), m' the largest score so far; after the last keys it is
 * divided by the sum of all weights.
 */
final class PromptTile {

  private static final int FEWEST_ROWS = 16;

  private final PromptStretch stretch;
  private final PromptPart part;
  private final AttentionProducts products;
  private final int queryHeads;
  private final int keyHead;
  private final int head;
  private final int firstRow;
  private final int rows;

  /**
   * A tile.
   *
   * @param head query head
   * @param firstRow first token, counted from the part's first
   * @param rows tokens
   */
  PromptTile(
      PromptStretch stretch, int queryHeads, int keyHeads, int head, int firstRow, int rows) {
    this.stretch = stretch;
    this.part = stretch.part();
    this.products = stretch.products();
    this.queryHeads = queryHeads;
    this.keyHead = head / (queryHeads / keyHeads);
    this.head = head;
    this.firstRow = firstRow;
    this.rows = rows;
  }

  /** Keys of the stretch up to the last that is seen: how long it takes. */
  int work() {
    return Math.min(stretch.end(), part.start() + firstRow + rows) - stretch.firstKey(0);
  }

  /** oneDNN compiles a product for each number of rows, so there are few: powers of two. */
  private static int padded(int rows) {
    return rows <= FEWEST_ROWS ? FEWEST_ROWS : Integer.highestOneBit(rows - 1) << 1;
  }

  /** Where a thread's buffers lie: Q, S, P and P V, in bytes. */
  private record Buffers(MemorySegment memory, long scores, long weights, long added) {

    static Buffers of(int rows, AttentionProducts products, long typeBytes, RowScratch scratch) {
      long scores = rows * products.dimension() * typeBytes;
      long weights = scores + (long) rows * products.keys() * Float.BYTES;
      long added = weights + rows * products.keys() * typeBytes;
      long bytes = added + (long) rows * products.dimension() * Float.BYTES;
      return new Buffers(scratch.memory(bytes), scores, weights, added);
    }
  }

  /**
   * Attends.
   *
   * @param prepared blocks of keys and values
   * @param output [rows x H d] in F32
   */
  void run(
      ElementType type,
      MemorySegment prepared,
      MemorySegment output,
      int window,
      AttentionKernels kernels,
      RowScratch scratch) {
    int all = padded(rows);
    long typeBytes = type.bits() / Byte.SIZE;
    Buffers buffers = Buffers.of(all, products, typeBytes, scratch);
    copyQueries(buffers.memory, all, typeBytes);
    long unused = rows * products.keys() * typeBytes;
    buffers
        .memory
        .asSlice(buffers.weights + unused, (all - rows) * products.keys() * typeBytes)
        .fill((byte) 0);
    float[] kept = scratch.rows(rows);
    int newest = part.start() + firstRow + rows - 1;
    long oldest = part.start() + firstRow + 1L - window;
    long address = buffers.memory.address();
    for (int block = 0; block < stretch.blocks(); block++) {
      int key = stretch.firstKey(block);
      if (key > newest || key + products.keys() <= oldest) {
        continue;
      }
      long keysAndValues = prepared.address() + stretch.block(keyHead, block);
      products.scores(all, address, keysAndValues, address + buffers.scores);
      for (int row = 0; row < rows; row++) {
        kept[row] = weights(buffers, type, row, key, window, kernels, scratch);
      }
      products.outputs(all, address + buffers.weights, keysAndValues, address + buffers.added);
      for (int row = 0; row < rows; row++) {
        long from = buffers.added + (long) row * products.dimension() * Float.BYTES;
        kernels.scaleAndAdd(
            output, outputAt(row), kept[row], buffers.memory, from, products.dimension());
      }
    }
    if (stretch.last()) {
      divide(output, scratch);
    }
  }

  private void copyQueries(MemorySegment target, int all, long typeBytes) {
    long bytes = products.dimension() * typeBytes;
    for (int row = 0; row < rows; row++) {
      long from =
          part.first() + (firstRow + row) * part.stride() + (long) head * products.dimension();
      MemorySegment.copy(part.queries(), from * typeBytes, target, row * bytes, bytes);
    }
    target.asSlice(rows * bytes, (all - rows) * bytes).fill((byte) 0);
  }

  private int state(int row) {
    return head * part.count() + firstRow + row;
  }

  private long outputAt(int row) {
    long token = part.outputRow() + firstRow + row;
    return (token * queryHeads + head) * products.dimension() * Float.BYTES;
  }

  /** Makes weights of a row's scores; returns by what its outputs so far are multiplied. */
  private float weights(
      Buffers buffers,
      ElementType type,
      int row,
      int firstKey,
      int window,
      AttentionKernels kernels,
      RowScratch scratch) {
    int keys = products.keys();
    int position = part.start() + firstRow + row;
    int end = Math.clamp(position + 1L - firstKey, 0, keys);
    int begin = Math.clamp((long) position + 1 - window - firstKey, 0, end);
    float[] scores = scratch.tile(keys);
    long from = buffers.scores + (long) row * keys * Float.BYTES;
    MemorySegment.copy(buffers.memory, Panels.FLOAT, from, scores, 0, keys);
    float factor = (float) (1 / Math.sqrt(products.dimension()));
    for (int key = 0; key < keys; key++) {
      scores[key] *= factor;
    }
    Arrays.fill(scores, 0, begin, Float.NEGATIVE_INFINITY);
    Arrays.fill(scores, end, keys, Float.NEGATIVE_INFINITY);
    float kept = softmax(scores, state(row), kernels);
    long to = buffers.weights * Byte.SIZE / type.bits() + (long) row * keys;
    RowFormat.write(scores, 0, keys, buffers.memory, type, to);
    return kept;
  }

  private float softmax(float[] scores, int state, AttentionKernels kernels) {
    PromptStretch.Softmax softmax = stretch.softmax();
    float before = softmax.largest()[state];
    float largest = Math.max(before, kernels.largest(scores, 0, products.keys()));
    if (largest == Float.NEGATIVE_INFINITY) {
      // No key was seen yet, and exp(-inf - -inf) is not a number.
      Arrays.fill(scores, 0, products.keys(), 0);
      return 0;
    }
    float sum = kernels.exponentials(scores, 0, products.keys(), largest);
    float kept = Exponential.of(before - largest);
    softmax.largest()[state] = largest;
    softmax.sums()[state] = Math.fma(softmax.sums()[state], kept, sum);
    return kept;
  }

  private void divide(MemorySegment output, RowScratch scratch) {
    int dimension = products.dimension();
    float[] values = scratch.tile(dimension);
    for (int row = 0; row < rows; row++) {
      float sum = stretch.softmax().sums()[state(row)];
      MemorySegment.copy(output, Panels.FLOAT, outputAt(row), values, 0, dimension);
      for (int i = 0; i < dimension; i++) {
        values[i] /= sum;
      }
      MemorySegment.copy(values, 0, output, Panels.FLOAT, outputAt(row), dimension);
    }
  }
}
