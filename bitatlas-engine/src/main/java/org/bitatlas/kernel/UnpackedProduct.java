package org.bitatlas.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;

/**
 * One scale per output feature, with or without second scales: oneDNN's product by an unpacked
 * slice does all but the bias.
 */
final class UnpackedProduct implements IntegerLinear.ManyRows {

  private final UnpackedSlices slices;
  private final IntegerRows weights;
  private final ActivationQuantizer quantizer;
  private final ColumnGroups columns;
  private final float[] bias;
  private final ElementType output;

  /**
   * Many rows times a layer.
   *
   * @param bias b [N], or empty
   * @param output of {@link #shape}
   */
  UnpackedProduct(
      UnpackedSlices slices,
      IntegerRows weights,
      float[] bias,
      ActivationQuantizer quantizer,
      ElementType output) {
    this.slices = slices;
    this.weights = weights;
    this.quantizer = quantizer;
    this.columns = weights.hasSeconds() ? weights.groups().joined() : weights.groups();
    this.bias = bias;
    this.output = output;
  }

  /** The product of such a layer. */
  static MatmulShape shape(IntegerRows weights, ElementType output) {
    return new MatmulShape(
        ElementType.I8,
        output,
        UnpackedSlices.COLUMNS,
        weights.inputFeatures(),
        weights.outputFeatures(),
        true,
        false,
        true);
  }

  @Override
  public ColumnGroups groups() {
    return columns;
  }

  @Override
  public Tensor apply(LinearInput input, KernelThreads threads) {
    SignedCodes x = input.signedCodes(quantizer, columns, threads);
    Tensor y = Tensor.empty(output, input.rows(), weights.outputFeatures());
    Tensor sum = RowFormat.sumOf(y, input.type());
    MemorySegment memory = y.memory();
    threads.run(new Product(input.rows(), x, memory, TileBias.between(bias, y, memory, sum)));
    return sum;
  }

  private final class Product implements TileTask {
    private final int rows;
    private final SignedCodes x;
    private final MemorySegment y;
    private final TileBias adding;

    Product(int rows, SignedCodes x, MemorySegment y, TileBias adding) {
      this.rows = rows;
      this.x = x;
      this.y = y;
      this.adding = adding;
    }

    @Override
    public int tileCount() {
      return Math.ceilDiv(rows, UnpackedSlices.ROWS) * slices.count();
    }

    @Override
    public void runTile(int tile, RowScratch scratch) {
      int slice = tile % slices.count();
      int firstRow = tile / slices.count() * UnpackedSlices.ROWS;
      int end = Math.min(firstRow + UnpackedSlices.ROWS, rows);
      MemorySegment memory = scratch.memory(slices.bytes());
      slices.unpackWhole(slice, memory, scratch.integerSums(slices.features()));
      int firstColumn = slice * UnpackedSlices.COLUMNS;
      long scales = weights.scales().memory().address() + (long) firstColumn * Float.BYTES;
      for (int row = firstRow; row < end; row += MatmulKernel.TILE_ROWS) {
        long first = (long) row * weights.outputFeatures() + firstColumn;
        int count = Math.min(MatmulKernel.TILE_ROWS, end - row);
        slices.multiply(
            slice,
            count,
            x.block(0, row).address(),
            memory.address(),
            scales,
            x.scales().address() + (long) row * Float.BYTES,
            y.address() + first * output.bits() / Byte.SIZE);
        if (bias.length > 0) {
          adding.add(row, count, firstColumn, slices.columns(slice), scratch);
        }
      }
      Reference.reachabilityFence(x);
      Reference.reachabilityFence(y);
      Reference.reachabilityFence(memory);
    }
  }

  @Override
  public KernelChoice choice() {
    return new KernelChoice(
        "s8 x s8 -> s32",
        "%d-bit codes%s unpacked by slice"
            .formatted(weights.width(), weights.hasSeconds() ? " with second scales" : ""),
        "oneDNN " + slices.implementation());
  }

  @Override
  public long bytes() {
    return 0;
  }

  @Override
  public void close() {
    slices.close();
  }
}
