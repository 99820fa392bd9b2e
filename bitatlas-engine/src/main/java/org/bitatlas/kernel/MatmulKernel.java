package org.bitatlas.kernel;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.global.dnnl;
import org.jspecify.annotations.Nullable;

/**
 * The primitives of one {@link MatmulShape}, one per number of rows, compiled when first needed and
 * shared by every {@link PackedMatmul} of that shape in the process. Compiling one takes
 * milliseconds, so rows are multiplied in {@link #step}s, of which there are 20.
 *
 * <p>oneDNN can leave the number of rows open until execution, but then runs 8-bit products on its
 * reference loop.
 */
final class MatmulKernel {

  /** Rows of a tile, and most rows of a primitive. */
  static final int TILE_ROWS = 256;

  private static final int FEW_ROWS = 16;

  private static final Map<MatmulShape, MatmulKernel> SHARED = new HashMap<>();

  private final MatmulShape shape;
  private final dnnl_memory_desc weightLayout = new dnnl_memory_desc();
  private final long weightBytes;
  private final @Nullable OfRows[] byRows = new @Nullable OfRows[TILE_ROWS + 1];
  private Optional<BlockedBytes> blockedLayout = Optional.empty();
  private boolean layoutKnown;
  private int compiled;
  private int users;

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

  private MatmulKernel(MatmulShape shape) {
    this.shape = shape;
    // The layout that suits a full tile serves every number of rows.
    OfRows full = new OfRows(new MatmulPrimitive(shape, TILE_ROWS, Optional.empty()));
    OneDnn.require(
        dnnl.dnnl_memory_desc_clone(weightLayout, full.primitive.weightLayout()), "layout");
    weightBytes = dnnl.dnnl_memory_desc_get_size(weightLayout);
    byRows[TILE_ROWS] = full;
    compiled = 1;
  }

  /**
   * The kernel of a shape, to be given back with {@link #release}.
   *
   * @throws org.bitatlas.tensor.BitAtlasException when oneDNN has no fast kernel for it
   */
  static MatmulKernel acquire(MatmulShape shape) {
    synchronized (SHARED) {
      MatmulKernel kernel = SHARED.computeIfAbsent(shape, MatmulKernel::new);
      kernel.users++;
      return kernel;
    }
  }

  /** Gives back what {@link #acquire} gave; the last user frees it. */
  void release() {
    synchronized (SHARED) {
      if (--users == 0) {
        SHARED.remove(shape);
        close();
      }
    }
  }

  /**
   * Rows to multiply next where this many are left: up to 16 as many as there are, of more the
   * largest power of two.
   *
   * @param rows 1 to {@link #TILE_ROWS}
   */
  static int step(int rows) {
    return rows <= FEW_ROWS ? rows : Integer.highestOneBit(rows);
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

  /** A call for a {@link #step} of rows; to be given back with {@link #finish}. */
  synchronized MatmulCall begin(int rows) {
    OfRows wanted = ofRows(rows);
    MatmulCall idle = wanted.idle.pollLast();
    return idle != null ? idle : new MatmulCall(wanted.primitive, shape, rows);
  }

  /** Gives back what {@link #begin} gave. */
  synchronized void finish(int rows, MatmulCall call) {
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
