package org.bitatlas.kernel;

import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * Where the elements of a packed slice of W lie: element (n, k) at {@code byDepth[k] + byColumn[n]}
 * elements from its start. oneDNN's blocked layouts are sums of that kind.
 *
 * @param byDepth [K]
 * @param byColumn [output features of the slice]
 */
record MatmulLayout(long[] byDepth, long[] byColumn) {

  private static final int DEPTH = 1;
  private static final int COLUMN = 2;

  /** Strides between blocks, and the blocks inside them, innermost last. */
  private record Blocks(long[] strides, long[] sizes, long[] dimensions) {

    long offset(int dimension, long index) {
      long rest = index;
      long offset = 0;
      long stride = 1;
      for (int block = sizes.length - 1; block >= 0; block--) {
        if (dimensions[block] == dimension) {
          offset += rest % sizes[block] * stride;
          rest /= sizes[block];
        }
        stride *= sizes[block];
      }
      return offset + rest * strides[dimension];
    }
  }

  /**
   * Reads oneDNN's layout of a slice [1 x depth x columns].
   *
   * @param columns output features of the slice
   */
  static MatmulLayout of(dnnl_memory_desc layout, int depth, int columns) {
    Blocks blocks = blocks(layout);
    long[] byDepth = new long[depth];
    long[] byColumn = new long[columns];
    for (int k = 0; k < depth; k++) {
      byDepth[k] = blocks.offset(DEPTH, k);
    }
    for (int n = 0; n < columns; n++) {
      byColumn[n] = blocks.offset(COLUMN, n);
    }
    return new MatmulLayout(byDepth, byColumn);
  }

  private static Blocks blocks(dnnl_memory_desc layout) {
    try (IntPointer count = new IntPointer(1);
        PointerPointer<LongPointer> array = new PointerPointer<>(1)) {
      OneDnn.require(
          dnnl.dnnl_memory_desc_query(layout, dnnl.dnnl_query_inner_nblks_s32, count), "layout");
      return new Blocks(
          longs(layout, dnnl.dnnl_query_strides, array, COLUMN + 1),
          longs(layout, dnnl.dnnl_query_inner_blks, array, count.get()),
          longs(layout, dnnl.dnnl_query_inner_idxs, array, count.get()));
    }
  }

  private static long[] longs(
      dnnl_memory_desc layout, int what, PointerPointer<LongPointer> array, int count) {
    OneDnn.require(dnnl.dnnl_memory_desc_query(layout, what, array), "layout");
    long[] values = new long[count];
    new LongPointer(array.get(0)).get(values);
    return values;
  }
}
