package org.bitatlas.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
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
    this(
        weight.outputFeatures(),
        WeightRows.of(weight.values(), rowBytes(shape)),
        weight.channelScales(),
        weight.bias(),
        shape.input() == ElementType.U8
            ? Optional.of(MatmulSignedCodes.surplus(weight))
            : Optional.empty(),
        shape);
  }

  /**
   * Packs a float weight.
   *
   * @param rows read once, in order
   */
  PackedWeight(int outputFeatures, WeightRows rows, Optional<float[]> bias, MatmulShape shape) {
    this(outputFeatures, rows, Optional.empty(), bias, Optional.empty(), shape);
  }

  private PackedWeight(
      int outputFeatures,
      WeightRows rows,
      Optional<float[]> channelScales,
      Optional<float[]> bias,
      Optional<int[]> surplus,
      MatmulShape shape) {
    this.shape = shape;
    fullSlices = outputFeatures / SLICE_COLUMNS;
    int remainder = outputFeatures % SLICE_COLUMNS;
    full = fullSlices > 0 ? Optional.of(MatmulKernel.acquire(shape)) : Optional.empty();
    last = remainder > 0 ? Optional.of(acquireLast(remainder)) : Optional.empty();
    sliceBytes = full.map(MatmulKernel::weightBytes).map(PackedWeight::aligned).orElse(0L);
    this.channelScales = copy(channelScales.map(MemorySegment::ofArray));
    this.bias = copy(bias.map(MemorySegment::ofArray));
    this.surplus = copy(surplus.map(MemorySegment::ofArray));
    packed = arena.allocate(bytes(), CACHE_LINE);
    int threads = OneDnnThreads.enter();
    try {
      full.ifPresent(kernel -> pack(rows, kernel, 0, fullSlices));
      last.ifPresent(kernel -> pack(rows, kernel, fullSlices, fullSlices + 1));
    } catch (RuntimeException unread) {
      close();
      throw unread;
    } finally {
      OneDnnThreads.leave(threads);
    }
  }

  private MatmulKernel acquireLast(int columns) {
    MatmulShape narrower = shape.withColumns(columns);
    return full.map(kernel -> kernel.beside(narrower))
        .orElseGet(() -> MatmulKernel.acquire(narrower));
  }

  private MemorySegment copy(Optional<MemorySegment> values) {
    return values
        .map(present -> arena.allocate(present.byteSize(), CACHE_LINE).copyFrom(present))
        .orElse(MemorySegment.NULL);
  }

  private void pack(WeightRows rows, MatmulKernel kernel, int from, int to) {
    try (MatmulPacking packing =
        new MatmulPacking(shape.weight(), kernel.columns(), shape.depth(), kernel.weightLayout())) {
      for (int slice = from; slice < to; slice++) {
        packing.pack(rows, slice * SLICE_COLUMNS, packed.address() + slice * sliceBytes);
      }
    }
  }

  private static long rowBytes(MatmulShape shape) {
    return (long) shape.depth() * shape.weight().bits() / Byte.SIZE;
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

  /** Memory of the packed slice. */
  MemorySegment memory(int slice) {
    return packed.asSlice(slice * sliceBytes, kernel(slice).weightBytes());
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
