package org.bitatlas.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.Objects;
import java.util.Optional;
import java.util.function.IntConsumer;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;

/**
 * Y = X W^T for many rows on oneDNN, with W packed once into the layout its kernels read.
 *
 * <p>X is [M x K] of the weight's type and Y [M x N], both row-major without gaps. Y is
 *
 * <ul>
 *   <li>{@code acc} in I32 for codes (exact: s8 x s8 -> s32, any codes, K below 131,072), or
 *   <li>{@code ((acc * channelScale[n]) + bias[n]) * rowScale[m]} in F32 or BF16, each part where
 *       there is one, with {@code acc} in s32 for codes and in fp32 for BF16 and F32.
 * </ul>
 *
 * <p>The work is cut into tiles of at most {@value MatmulKernel#TILE_ROWS} rows and {@value
 * PackedWeight#SLICE_COLUMNS} output features whatever the number of threads; a tile is computed by
 * the thread that calls {@link #runTile}, alone. So the bytes of Y do not depend on how tiles are
 * spread. Tiles may run at the same time and in any order, for one or several X.
 */
public final class PackedMatmul implements AutoCloseable {

  private static final int MAX_CODE_DEPTH = 131_071;

  private final MatmulShape shape;
  private final int outputFeatures;
  private final PackedWeight packed;
  private boolean closed;

  /** How a caller's threads share tiles, for example {@code Tiles::forEach}. */
  public interface TileRunner {

    /** Calls {@code tile} for 0 .. count - 1 in any order, and returns when all are done. */
    void forEach(int count, IntConsumer tile);
  }

  private PackedMatmul(MatmulShape shape, int outputFeatures, PackedWeight packed) {
    this.shape = shape;
    this.outputFeatures = outputFeatures;
    this.packed = packed;
  }

  /**
   * Packs a weight.
   *
   * @param weight of type I8, BF16 or F32
   * @param output type of Y: I32 for codes without scales; F32 or BF16
   * @param rowScaled whether each execution brings a scale per row
   * @throws BitAtlasException when oneDNN cannot be loaded, has no fast kernel for these types on
   *     this CPU, or would not be exact
   */
  public static PackedMatmul pack(MatmulWeight weight, ElementType output, boolean rowScaled) {
    OneDnn.load();
    if (weight.type() == ElementType.I8) {
      requireExact(weight);
    }
    boolean scaled = weight.channelScales().isPresent() || weight.bias().isPresent() || rowScaled;
    if (output == ElementType.I32 && (weight.type() != ElementType.I8 || scaled)) {
      throw new IllegalArgumentException("only plain sums of codes come in I32");
    }
    MatmulShape shape =
        new MatmulShape(
            inputOfKernel(weight, output),
            output,
            PackedWeight.SLICE_COLUMNS,
            weight.inputFeatures(),
            weight.outputFeatures(),
            weight.channelScales().isPresent(),
            weight.bias().isPresent(),
            rowScaled);
    return new PackedMatmul(shape, weight.outputFeatures(), new PackedWeight(weight, shape));
  }

  /**
   * Packs a float weight whose rows come a few at a time, for Y = X W^T + b in its type.
   *
   * @param type BF16 or F32
   * @param bias b [N], or empty
   * @throws BitAtlasException as {@link #pack}
   */
  static PackedMatmul packRows(
      ElementType type, int outputFeatures, int inputFeatures, WeightRows rows, float[] bias) {
    OneDnn.load();
    Optional<float[]> added = Optional.of(bias).filter(values -> values.length > 0);
    MatmulShape shape =
        new MatmulShape(
            type,
            type,
            PackedWeight.SLICE_COLUMNS,
            inputFeatures,
            outputFeatures,
            false,
            added.isPresent(),
            false);
    return new PackedMatmul(
        shape, outputFeatures, new PackedWeight(outputFeatures, rows, added, shape));
  }

  private static void requireExact(MatmulWeight weight) {
    if (!OneDnn.exactIntegers()) {
      throw new BitAtlasException(
          "oneDNN %s would saturate s8 x s8 products on this CPU, which has no VNNI instructions; run the scheme with activations in BF16 or F32."
              .formatted(OneDnn.version()));
    }
    if (weight.inputFeatures() > MAX_CODE_DEPTH) {
      throw new BitAtlasException(
          "A product of %d codes does not fit in 32 bits; expected at most %d input features."
              .formatted(weight.inputFeatures(), MAX_CODE_DEPTH));
    }
  }

  private static ElementType inputOfKernel(MatmulWeight weight, ElementType output) {
    boolean largeSums =
        output == ElementType.I32
            && weight.inputFeatures() > MatmulSignedCodes.EXACT_IN_SINGLE_PRECISION;
    return largeSums ? ElementType.U8 : weight.type();
  }

  /** Bytes of the packed weight, scales and bias not counted. */
  public long packedBytes() {
    return packed.bytes();
  }

  /** oneDNN's kernel for full tiles, for example {@code brg_matmul:avx512_core_vnni}. */
  public String implementation() {
    return packed.kernel(0).implementation();
  }

  /** N. */
  public int outputFeatures() {
    return outputFeatures;
  }

  /** K. */
  public int inputFeatures() {
    return shape.depth();
  }

  /** Type of X. */
  public ElementType inputType() {
    return shape.weight();
  }

  /** Type of Y. */
  public ElementType outputType() {
    return shape.output();
  }

  /** Tiles of a product with this many rows. */
  public int tileCount(int rows) {
    return Math.ceilDiv(rows, MatmulKernel.TILE_ROWS) * packed.slices();
  }

  /**
   * Computes one tile of Y on the calling thread.
   *
   * @param tile 0 .. {@link #tileCount} - 1
   * @param rows M
   * @param input X [M x K], off the heap
   * @param rowScales a factor per row [M] of F32, off the heap; {@link MemorySegment#NULL} where
   *     this product takes none
   * @param output Y [M x N], off the heap; other tiles' parts are left alone
   */
  public void runTile(
      int tile, int rows, MemorySegment input, MemorySegment rowScales, MemorySegment output) {
    require(rows, input, rowScales, output);
    Objects.checkIndex(tile, tileCount(rows));
    int slice = tile % packed.slices();
    int firstRow = tile / packed.slices() * MatmulKernel.TILE_ROWS;
    int tileRows = Math.min(MatmulKernel.TILE_ROWS, rows - firstRow);
    int firstColumn = slice * PackedWeight.SLICE_COLUMNS;
    try {
      run(
          slice,
          tileRows,
          input.address() + bytes(shape.input(), (long) firstRow * shape.depth()),
          rowScales.address() + (long) firstRow * Float.BYTES,
          output.address() + bytes(shape.output(), (long) firstRow * outputFeatures + firstColumn));
    } finally {
      Reference.reachabilityFence(input);
      Reference.reachabilityFence(rowScales);
      Reference.reachabilityFence(output);
    }
  }

  /** Memory of a packed slice. */
  MemorySegment memory(int slice) {
    return packed.memory(slice);
  }

  /** Where the elements of a slice lie in {@link #memory}. */
  MatmulLayout layout(int slice) {
    MatmulKernel kernel = packed.kernel(slice);
    return MatmulLayout.of(kernel.weightLayout(), shape.depth(), kernel.columns());
  }

  /** Slices of output features. */
  int slices() {
    return packed.slices();
  }

  private void run(int slice, int rows, long from, long rowScalesAt, long to) {
    MatmulKernel kernel = packed.kernel(slice);
    kernel.multiply(
        rows,
        from,
        packed.slice(slice),
        packed.channelScales(slice),
        packed.bias(slice),
        rowScalesAt,
        to);
    if (shape.input() == ElementType.U8) {
      MatmulSignedCodes.correct(
          to, shape.outputStride(), rows, kernel.columns(), packed.surplus(slice));
    }
  }

  private void require(
      int rows, MemorySegment input, MemorySegment rowScales, MemorySegment output) {
    if (closed) {
      throw new IllegalStateException("this product is closed");
    }
    requireMemory("X", input, bytes(shape.input(), (long) rows * shape.depth()));
    requireMemory("Y", output, bytes(shape.output(), (long) rows * outputFeatures));
    requireMemory("row scales", rowScales, shape.rowScaled() ? (long) rows * Float.BYTES : 0);
  }

  private static void requireMemory(String what, MemorySegment memory, long bytes) {
    if (!memory.isNative() || memory.byteSize() < bytes) {
      throw new IllegalArgumentException(
          "%s needs %d bytes off the heap, not %s".formatted(what, bytes, memory));
    }
  }

  private static long bytes(ElementType type, long elements) {
    return elements * type.bits() / Byte.SIZE;
  }

  /** Computes all of Y on the calling thread, as {@link #runTile} does. */
  public void run(int rows, MemorySegment input, MemorySegment rowScales, MemorySegment output) {
    int tiles = tileCount(rows);
    for (int tile = 0; tile < tiles; tile++) {
      runTile(tile, rows, input, rowScales, output);
    }
  }

  /**
   * Computes Y on the caller's threads.
   *
   * @param input X [.. x K], contiguous, of {@link #inputType}
   * @param rowScales a factor per row [..], F32; empty where this product takes none
   * @param output Y [.. x N], contiguous, of {@link #outputType}
   * @param runner shares the tiles among threads
   */
  public void run(Tensor input, Optional<Tensor> rowScales, Tensor output, TileRunner runner) {
    requireType("X", input, inputType());
    requireType("Y", output, shape.output());
    rowScales.ifPresent(scales -> requireType("row scales", scales, ElementType.F32));
    int rows = Math.toIntExact(input.elementCount() / shape.depth());
    MemorySegment x = input.memory();
    MemorySegment scales = rowScales.map(Tensor::memory).orElse(MemorySegment.NULL);
    MemorySegment y = output.memory();
    runner.forEach(tileCount(rows), tile -> runTile(tile, rows, x, scales, y));
  }

  private static void requireType(String what, Tensor tensor, ElementType type) {
    if (tensor.elementType() != type) {
      throw new IllegalArgumentException(
          "%s is %s; expected %s".formatted(what, tensor.elementType(), type));
    }
  }

  /** Frees the packed weight. No tile may be running. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      packed.close();
    }
  }
}
