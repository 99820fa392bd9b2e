package org.bitatlas.kernel;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.tensor.Tensor;

/**
 * A scale per group of columns, or activations whose codes need a shift: oneDNN gives the exact
 * sums of each group, which are scaled and added here.
 */
final class GroupedProduct implements IntegerLinear.ManyRows {

  private static final int SLICE = PackedWeight.SLICE_COLUMNS;
  private static final int TILE_ROWS = 128;

  private final PackedMatmul matmul;
  private final ActivationQuantizer quantizer;
  private final ColumnGroups groups;
  private final int outputFeatures;
  private final int paddedFeatures;
  private final float[] scales;
  private final int[] codeSums;
  private final float[] bias;

  GroupedProduct(ByteWeights weights, float[] bias, ActivationQuantizer quantizer) {
    this.quantizer = quantizer;
    this.groups = weights.groups();
    this.outputFeatures = weights.linear().outputFeatures();
    this.paddedFeatures = weights.rows();
    this.scales = weights.scales();
    this.codeSums = weights.sums();
    this.bias = bias;
    this.matmul =
        PackedMatmul.packSlices(
            MatmulWeight.codes(weights.codes(), groups.count() * weights.rows(), groups.widest()));
  }

  @Override
  public Tensor apply(LinearInput input, KernelThreads threads) {
    SignedCodes x = input.signedCodes(quantizer, groups, threads);
    Tensor output = Tensor.empty(input.type(), input.rows(), outputFeatures);
    threads.run(new Product(input, x, output.memory()));
    return output;
  }

  private final class Product implements TileTask {
    private final LinearInput input;
    private final SignedCodes x;
    private final MemorySegment output;
    private final int slices = Math.ceilDiv(outputFeatures, SLICE);

    Product(LinearInput input, SignedCodes x, MemorySegment output) {
      this.input = input;
      this.x = x;
      this.output = output;
    }

    @Override
    public int tileCount() {
      return Math.ceilDiv(input.rows(), TILE_ROWS) * slices;
    }

    @Override
    public void runTile(int tile, RowScratch scratch) {
      int slice = tile % slices;
      int firstRow = tile / slices * TILE_ROWS;
      int rows = Math.min(TILE_ROWS, input.rows() - firstRow);
      int columns = Math.min(SLICE, outputFeatures - slice * SLICE);
      float[] sums = scratch.tile(TILE_ROWS * SLICE);
      Arrays.fill(sums, 0, rows * SLICE, 0);
      RowKernels kernels = input.kernels();
      MemorySegment exact = scratch.memory((long) TILE_ROWS * SLICE * Integer.BYTES);
      for (int group = 0; group < groups.count(); group++) {
        int first = group * paddedFeatures + slice * SLICE;
        matmul.runSlice(first / SLICE, rows, x.block(group, firstRow), exact);
        for (int m = 0; m < rows; m++) {
          long at = (long) m * SLICE * Integer.BYTES;
          int shift = x.shift(firstRow + m);
          kernels.addScaled(exact, at, shift, codeSums, scales, first, columns, sums, m * SLICE);
        }
      }
      for (int m = 0; m < rows; m++) {
        finish(sums, m * SLICE, x.scale(firstRow + m), slice * SLICE, columns);
        long to = (long) (firstRow + m) * outputFeatures + slice * SLICE;
        RowFormat.write(sums, m * SLICE, columns, output, input.type(), to);
      }
    }

    private void finish(float[] sums, int from, float scale, int first, int columns) {
      for (int n = 0; n < columns; n++) {
        sums[from + n] *= scale;
      }
      for (int n = 0; bias.length > 0 && n < columns; n++) {
        sums[from + n] += bias[first + n];
      }
    }
  }

  @Override
  public KernelChoice choice() {
    return new KernelChoice(
        "s8 x s8 -> s32", "packed product of groups", "oneDNN " + matmul.implementation());
  }

  @Override
  public long bytes() {
    return matmul.packedBytes()
        + (long) scales.length * Float.BYTES
        + (long) codeSums.length * Integer.BYTES;
  }

  @Override
  public void close() {
    matmul.close();
  }
}
