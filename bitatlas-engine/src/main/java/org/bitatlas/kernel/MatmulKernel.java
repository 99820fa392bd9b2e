package org.bitatlas.kernel;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.bitatlas.tensor.ElementType;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.global.dnnl;
import org.jspecify.annotations.Nullable;

/**
 * The primitives of one {@link MatmulShape}, one per number of rows, compiled when first needed and
 * shared by every {@link PackedMatmul} of that shape in the process. Compiling one takes
 * milliseconds, so rows are multiplied in steps of 20 sizes.
 *
 * <p>oneDNN can leave the number of rows open until execution, but then runs 8-bit products on its
 * reference loop.
 */
final class MatmulKernel {

  /** Rows of a tile, and most rows of a primitive. */
  static final int TILE_ROWS = 256;

  private static final int FEW_ROWS = 16;

  private static final Map<Key, MatmulKernel> SHARED = new HashMap<>();

  private final Key key;
  private final MatmulShape shape;
  private final dnnl_memory_desc weightLayout = new dnnl_memory_desc();
  private final long weightBytes;
  private final @Nullable OfRows[] byRows = new @Nullable OfRows[TILE_ROWS + 1];
  private Optional<BlockedBytes> blockedLayout = Optional.empty();
  private boolean layoutKnown;
  private int compiled;
  private int users;

  /**
   * What is shared.
   *
   * @param packed whether oneDNN chooses the layout of W
   */
  private record Key(MatmulShape shape, boolean packed) {}

  /** Primitive of one number of rows, and calls of it that no thread is using. */
  private static final class OfRows {
    final MatmulPrimitive primitive;
    final ArrayDeque<MatmulCall> idle = new ArrayDeque<>();

    OfRows(MatmulPrimitive primitive) {
      this.primitive = primitive;
    }

    void close() {
      idle.forEach(MatmulCall::close);
      primitive.close();
    }
  }

  private MatmulKernel(Key key) {
    this.key = key;
    this.shape = key.shape;
    // The layout that suits a full tile serves every number of rows.
    OfRows full = new OfRows(key.packed ? packed(shape) : columnMajor(shape));
    OneDnn.require(
        dnnl.dnnl_memory_desc_clone(weightLayout, full.primitive.weightLayout()), "layout");
    weightBytes = dnnl.dnnl_memory_desc_get_size(weightLayout);
    byRows[TILE_ROWS] = full;
    compiled = 1;
  }

  private static MatmulPrimitive packed(MatmulShape shape) {
    return new MatmulPrimitive(shape, TILE_ROWS, Optional.empty());
  }

  private static MatmulPrimitive columnMajor(MatmulShape shape) {
    long depth = shape.depth();
    long stride = columnStride(shape.columns());
    dnnl_memory_desc layout =
        OneDnn.strided(
            shape.weight(),
            new long[] {1, depth, shape.columns()},
            new long[] {depth * stride, stride, 1});
    try {
      return new MatmulPrimitive(shape, TILE_ROWS, Optional.of(layout));
    } finally {
      dnnl.dnnl_memory_desc_destroy(layout);
    }
  }

  /** Elements from one input feature to the next where W is not packed: whole panels. */
  static int columnStride(int columns) {
    return Panels.count(columns) * Panels.ROWS;
  }

  /**
   * The kernel of a shape, to be given back with {@link #release}.
   *
   * @throws org.bitatlas.tensor.BitAtlasException when oneDNN has no fast kernel for it
   */
  static MatmulKernel acquire(MatmulShape shape) {
    return acquire(new Key(shape, true));
  }

  /**
   * The kernel of a shape for slices of W that are not packed: [K x {@link #columnStride}].
   *
   * @throws org.bitatlas.tensor.BitAtlasException when oneDNN has no fast kernel for it
   */
  static MatmulKernel acquireUnpacked(MatmulShape shape) {
    return acquire(new Key(shape, false));
  }

  private static MatmulKernel acquire(Key key) {
    synchronized (SHARED) {
      MatmulKernel kernel = SHARED.computeIfAbsent(key, MatmulKernel::new);
      kernel.users++;
      return kernel;
    }
  }

  /**
   * The kernel of another shape beside this one, with W laid out alike; where it is refused, this
   * one is given back.
   *
   * @throws org.bitatlas.tensor.BitAtlasException when oneDNN has no fast kernel for it
   */
  MatmulKernel beside(MatmulShape other) {
    try {
      return acquire(new Key(other, key.packed));
    } catch (RuntimeException refused) {
      release();
      throw refused;
    }
  }

  /** Gives back what {@link #acquire} gave; the last user frees it. */
  void release() {
    synchronized (SHARED) {
      if (--users == 0) {
        SHARED.remove(key);
        close();
      }
    }
  }

  /** Output features of a slice. */
  int columns() {
    return shape.columns();
  }

  /** Bytes of one packed slice of W. */
  long weightBytes() {
    return weightBytes;
  }

  /** oneDNN's layout of one packed slice of W. */
  dnnl_memory_desc weightLayout() {
    return weightLayout;
  }

  /** The same in words of this program; empty where it has none for it. */
  synchronized Optional<BlockedBytes> blockedLayout() {
    if (!layoutKnown) {
      blockedLayout = BlockedBytes.of(this, shape.depth());
      layoutKnown = true;
    }
    return blockedLayout;
  }

  /** Name of the implementation for full tiles. */
  synchronized String implementation() {
    return ofRows(TILE_ROWS).primitive.implementation();
  }

  /** Number of compiled primitives. */
  synchronized int compiled() {
    return compiled;
  }

  /**
   * Computes Y = X W^T of a slice on the calling thread, in steps: of up to 16 rows as many as
   * there are, of more the largest power of two.
   *
   * @param rows M, at most {@link #TILE_ROWS}
   * @param input address of X [M x K]; signed codes also where the kernel wants unsigned ones
   * @param weight address of the packed slice of W
   * @param channelScales address of the scales per output feature, ignored where there are none
   * @param bias address of the bias, ignored where there is none
   * @param rowScales address of the scales per row, ignored where there are none
   * @param output address of Y
   */
  void multiply(
      int rows,
      long input,
      long weight,
      long channelScales,
      long bias,
      long rowScales,
      long output) {
    for (int row = 0; row < rows; ) {
      int left = rows - row;
      int step = left <= FEW_ROWS ? left : Integer.highestOneBit(left);
      long from = input + bytes(shape.input(), (long) row * shape.depth());
      MatmulCall call = begin(step);
      try {
        call.run(
            shape.input() == ElementType.U8 ? call.shift(from, (long) step * shape.depth()) : from,
            weight,
            channelScales,
            bias,
            rowScales + (long) row * Float.BYTES,
            output + bytes(shape.output(), row * shape.outputStride()));
      } finally {
        finish(step, call);
      }
      row += step;
    }
  }

  private static long bytes(ElementType type, long elements) {
    return elements * type.bits() / Byte.SIZE;
  }

  private synchronized MatmulCall begin(int rows) {
    OfRows wanted = ofRows(rows);
    MatmulCall idle = wanted.idle.pollLast();
    return idle != null ? idle : new MatmulCall(wanted.primitive, shape, rows);
  }

  private synchronized void finish(int rows, MatmulCall call) {
    ofRows(rows).idle.addLast(call);
  }

  private OfRows ofRows(int rows) {
    OfRows found = byRows[rows];
    if (found != null) {
      return found;
    }
    OfRows made = new OfRows(new MatmulPrimitive(shape, rows, Optional.of(weightLayout)));
    byRows[rows] = made;
    compiled++;
    return made;
  }

  private synchronized void close() {
    for (OfRows made : byRows) {
      if (made != null) {
        made.close();
      }
    }
    dnnl.dnnl_memory_desc_destroy(weightLayout);
  }
}
