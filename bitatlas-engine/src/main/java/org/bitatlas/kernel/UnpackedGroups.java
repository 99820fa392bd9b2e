package org.bitatlas.kernel;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;

/**
 * Codes with a scale per group of columns, or activations whose codes need a shift: oneDNN gives
 * the exact sums of each group by an unpacked slice, which are scaled and added here.
 */
final class UnpackedGroups implements IntegerLinear.ManyRows {

  /** Groups whose sums are scaled together, while they are in the second-level cache. */
  private static final int TOGETHER = 2;

  private static final int SLICE = UnpackedSlices.COLUMNS;
  private static final int TILE_ROWS = MatmulKernel.TILE_ROWS;
  private static final long SUMS_BYTES = (long) TILE_ROWS * SLICE * Integer.BYTES;

  private final UnpackedSlices slices;
  private final IntegerRows weights;
  private final ActivationQuantizer quantizer;
  private final ColumnGroups groups;
  private final float[] bias;

  UnpackedGroups(
      UnpackedSlices slices, IntegerRows weights, float[] bias, ActivationQuantizer quantizer) {
    this.slices = slices;
    this.weights = weights;
    this.quantizer = quantizer;
    this.groups = weights.groups();
    this.bias = bias;
  }

  /** The products of such a layer: exact sums of a group. */
  static MatmulShape shape(IntegerRows weights) {
    int depth = weights.groups().widest();
    boolean large = depth > MatmulSignedCodes.EXACT_IN_SINGLE_PRECISION;
    return new MatmulShape(
        large ? ElementType.U8 : ElementType.I8,
        ElementType.I32,
        SLICE,
        depth,
        SLICE,
        false,
        false,
        false);
  }

  @Override
  public ColumnGroups groups() {
    return groups;
  }

  @Override
  public Tensor apply(LinearInput input, KernelThreads threads) {
    SignedCodes x = input.signedCodes(quantizer, groups, threads);
    Tensor output = Tensor.empty(input.type(), input.rows(), weights.outputFeatures());
    threads.run(new Product(input, x, output.memory()));
    return output;
  }

  private final class Product implements TileTask {
    private final LinearInput input;
    private final SignedCodes x;
    private final MemorySegment output;

    Product(LinearInput input, SignedCodes x, MemorySegment output) {
      this.input = input;
      this.x = x;
      this.output = output;
    }

    @Override
    public int tileCount() {
      return Math.ceilDiv(input.rows(), UnpackedSlices.ROWS) * slices.count();
    }

    @Override
    public void runTile(int tile, RowScratch scratch) {
      int slice = tile % slices.count();
      int firstRow = tile / slices.count() * UnpackedSlices.ROWS;
      int end = Math.min(firstRow + UnpackedSlices.ROWS, input.rows());
      long weightBytes = slices.bytes() * groups.count();
      MemorySegment memory = scratch.memory(weightBytes + TOGETHER * SUMS_BYTES);
      int stride = slices.features();
      int[] codeSums = scratch.integerSums(groups.count() * stride);
      float[] scales = scratch.floatSums(groups.count() * stride);
      for (int group = 0; group < groups.count(); group++) {
        slices.unpack(slice, group, memory, group * slices.bytes(), codeSums, group * stride);
        slices.scales(slice, group, scales, group * stride);
      }
      GroupSums sums =
          new GroupSums(memory, weightBytes, SUMS_BYTES, SLICE, codeSums, scales, stride);
      for (int row = firstRow; row < end; row += TILE_ROWS) {
        int rows = Math.min(TILE_ROWS, end - row);
        float[] results = scratch.tile(TILE_ROWS * SLICE);
        Arrays.fill(results, 0, rows * SLICE, 0);
        for (int group = 0; group < groups.count(); group += TOGETHER) {
          addGroups(slice, group, row, rows, sums, results);
        }
        finish(slice, row, rows, results);
      }
    }

    private void addGroups(
        int slice, int group, int firstRow, int rows, GroupSums sums, float[] results) {
      int count = Math.min(TOGETHER, groups.count() - group);
      long address = sums.memory().address();
      for (int g = 0; g < count; g++) {
        slices.multiply(
            slice,
            rows,
            x.block(group + g, firstRow).address(),
            address + (group + g) * slices.bytes(),
            0,
            0,
            address + sums.at() + g * SUMS_BYTES);
      }
      int columns = slices.columns(slice);
      for (int m = 0; m < rows; m++) {
        int shift = x.shift(firstRow + m) - slices.offset();
        input.kernels().addScaled(sums, m, group, count, shift, columns, results, m * SLICE);
      }
    }

    private void finish(int slice, int firstRow, int rows, float[] results) {
      int columns = slices.columns(slice);
      for (int m = 0; m < rows; m++) {
        int from = m * SLICE;
        float scale = x.scale(firstRow + m);
        for (int n = 0; n < columns; n++) {
          results[from + n] *= scale;
        }
        for (int n = 0; bias.length > 0 && n < columns; n++) {
          results[from + n] += bias[slice * SLICE + n];
        }
        long to = (long) (firstRow + m) * weights.outputFeatures() + slice * SLICE;
        RowFormat.write(results, from, columns, output, input.type(), to);
      }
    }
  }

  @Override
  public KernelChoice choice() {
    return new KernelChoice(
        "s8 x s8 -> s32",
        "groups of %d-bit codes unpacked by slice".formatted(weights.width()),
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
