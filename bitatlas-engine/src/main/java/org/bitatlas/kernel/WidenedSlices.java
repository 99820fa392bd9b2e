package org.bitatlas.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.bitatlas.tensor.ElementType;

/**
 * oneDNN's products by slices of 256 output features that are made when they are needed, [K x 256]
 * in float.
 */
final class WidenedSlices implements AutoCloseable {

  private static final int COLUMNS = PackedWeight.SLICE_COLUMNS;

  private final MatmulShape shape;
  private final int outputFeatures;
  private final MatmulKernel full;
  private final MatmulKernel last;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment bias;

  private WidenedSlices(MatmulShape shape, int outputFeatures, float[] bias) {
    this.shape = shape;
    this.outputFeatures = outputFeatures;
    int remainder = outputFeatures % shape.columns();
    full = MatmulKernel.acquireUnpacked(shape);
    last = remainder == 0 ? full : full.beside(shape.withColumns(remainder));
    this.bias =
        bias.length == 0
            ? MemorySegment.NULL
            : arena
                .allocate((long) bias.length * Float.BYTES, Panels.SLAB_BYTES)
                .copyFrom(MemorySegment.ofArray(bias));
  }

  /**
   * Products with activations of a type.
   *
   * @param bias b [N], or empty
   * @return empty where oneDNN has no fast kernel
   */
  static Optional<WidenedSlices> of(
      ElementType type, int outputFeatures, int inputFeatures, float[] bias) {
    MatmulShape shape =
        new MatmulShape(
            type,
            type,
            Math.min(COLUMNS, outputFeatures),
            inputFeatures,
            outputFeatures,
            false,
            bias.length > 0,
            false);
    return OneDnn.ifFast(type, () -> new WidenedSlices(shape, outputFeatures, bias));
  }

  /** Bytes of a slice of W. */
  long bytes() {
    return bytes((long) shape.depth() * COLUMNS);
  }

  private long bytes(long elements) {
    return elements * shape.weight().bits() / Byte.SIZE;
  }

  /**
   * Multiplies by a slice on the calling thread.
   *
   * @param rows M
   * @param input X [M x K]
   * @param weight the slice [K x {@link MatmulKernel#columnStride}]
   * @param output Y [M x N], of which the slice's columns are written
   */
  void multiply(
      int slice, int rows, MemorySegment input, MemorySegment weight, MemorySegment output) {
    int column = slice * COLUMNS;
    MatmulKernel kernel = column + COLUMNS <= outputFeatures ? full : last;
    for (int row = 0; row < rows; row += MatmulKernel.TILE_ROWS) {
      kernel.multiply(
          Math.min(MatmulKernel.TILE_ROWS, rows - row),
          input.address() + bytes((long) row * shape.depth()),
          weight.address(),
          0,
          bias.address() + (long) column * Float.BYTES,
          0,
          output.address() + bytes((long) row * outputFeatures + column));
    }
  }

  String implementation() {
    return full.implementation();
  }

  @Override
  public void close() {
    full.release();
    if (last != full) {
      last.release();
    }
    arena.close();
  }
}
