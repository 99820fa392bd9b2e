package org.bitatlas.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import org.bitatlas.tensor.ElementType;

/**
 * W cut into slices of output features, each in the layout that its kernel reads, with the scales
 * and the bias beside it. Owns its memory.
 */
final class PackedWeight implements AutoCloseable {

  /** Output features of a slice; the last may have fewer. */
  static final int SLICE_COLUMNS = 256;

  private static final long CACHE_LINE = 64;

  private final MatmulShape shape;
  private final int fullSlices;
  private final Optional<MatmulKernel> full;
  private final Optional<MatmulKernel> last;
  private final long sliceBytes;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment packed;
  private final MemorySegment channelScales;
  private final MemorySegment bias;
  private final MemorySegment surplus;

  /**
   * Packs a weight.
   *
   * @param shape of a full slice
   * @throws org.bitatlas.tensor.BitAtlasException when oneDNN has no fast kernel for it
   */
  PackedWeight(MatmulWeight weight, MatmulShape shape) {
    this.shape = shape;
    fullSlices = weight.outputFeatures() / SLICE_COLUMNS;
    int remainder = weight.outputFeatures() % SLICE_COLUMNS;
    full = fullSlices > 0 ? Optional.of(MatmulKernel.acquire(shape)) : Optional.empty();
    last = remainder > 0 ? Optional.of(acquireLast(remainder)) : Optional.empty();
    sliceBytes = full.map(MatmulKernel::weightBytes).map(PackedWeight::aligned).orElse(0L);
    channelScales = copy(weight.channelScales());
    bias = copy(weight.bias());
    surplus =
        shape.input() == ElementType.U8
            ? arena
                .allocate((long) weight.outputFeatures() * Integer.BYTES, CACHE_LINE)
                .copyFrom(MemorySegment.ofArray(MatmulSignedCodes.surplus(weight)))
            : MemorySegment.NULL;
    packed = arena.allocate(bytes(), CACHE_LINE);
    int threads = OneDnnThreads.enter();
    try {
      full.ifPresent(kernel -> pack(weight, kernel, 0, fullSlices));
      last.ifPresent(kernel -> pack(weight, kernel, fullSlices, fullSlices + 1));
    } finally {
      OneDnnThreads.leave(threads);
    }
  }

  private MatmulKernel acquireLast(int columns) {
    try {
      return MatmulKernel.acquire(shape.withColumns(columns));
    } catch (RuntimeException refused) {
      full.ifPresent(MatmulKernel::release);
      throw refused;
    }
  }

  private MemorySegment copy(Optional<float[]> values) {
    return values
        .map(present -> {
          MemorySegment memory = arena.allocate((long) present.length * Float.BYTES, CACHE_LINE);
          MemorySegment.copy(present, 0, memory, ValueLayout.JAVA_FLOAT, 0, present.length);
          return memory;
        })
        .orElse(MemorySegment.NULL);
  }

  private void pack(MatmulWeight weight, MatmulKernel kernel, int from, int to) {
    long rowBytes = (long) shape.depth() * shape.weight().bits() / Byte.SIZE;
    int columns = kernel.columns();
    try (MatmulPacking packing =
        new MatmulPacking(shape.weight(), columns, shape.depth(), kernel.weightLayout())) {
      for (int slice = from; slice < to; slice++) {
        packing.pack(
            weight.values().asSlice(slice * SLICE_COLUMNS * rowBytes, columns * rowBytes),
            packed.address() + slice * sliceBytes);
      }
    }
  }

  private static long aligned(long bytes) {
    return Math.ceilDiv(bytes, CACHE_LINE) * CACHE_LINE;
  }

  /** Bytes of the packed W. */
  long bytes() {
    return fullSlices * sliceBytes + last.map(kernel -> aligned(kernel.weightBytes())).orElse(0L);
  }

  int slices() {
    return fullSlices + (last.isPresent() ? 1 : 0);
  }

  MatmulKernel kernel(int slice) {
    return (slice < fullSlices ? full : last).orElseThrow();
  }

  /** Address of the packed slice. */
  long slice(int slice) {
    return packed.address() + slice * sliceBytes;
  }

  /** Address of the slice's scales; of nothing where there are none. */
  long channelScales(int slice) {
    return channelScales.address() + (long) slice * SLICE_COLUMNS * Float.BYTES;
  }

  /** Address of the slice's bias; of nothing where there is none. */
  long bias(int slice) {
    return bias.address() + (long) slice * SLICE_COLUMNS * Float.BYTES;
  }

  /** Address of what {@link MatmulSignedCodes} subtracts; of nothing where it does not. */
  long surplus(int slice) {
    return surplus.address() + (long) slice * SLICE_COLUMNS * Integer.BYTES;
  }

  @Override
  public void close() {
    arena.close();
    full.ifPresent(MatmulKernel::release);
    last.ifPresent(MatmulKernel::release);
  }
}
