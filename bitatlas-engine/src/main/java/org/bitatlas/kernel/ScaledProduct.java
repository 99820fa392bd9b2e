package org.bitatlas.kernel;

import java.lang.foreign.MemorySegment;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;

/**
 * Codes of a byte with one scale per output feature, kept as oneDNN reads them: its product does
 * all but the bias, for one row as for many.
 */
final class ScaledProduct implements IntegerLinear.ManyRows {

  private final PackedMatmul matmul;
  private final ActivationQuantizer quantizer;
  private final ColumnGroups groups;
  private final float[] bias;
  private final long scaleBytes;

  ScaledProduct(
      GridLinear linear, float[] bias, ActivationQuantizer quantizer, ElementType output) {
    this.quantizer = quantizer;
    this.groups = ColumnGroups.of(linear);
    this.scaleBytes = (long) linear.outputFeatures() * Float.BYTES;
    // The bias is added to the fp32 result: oneDNN would add it before the scale of the row.
    this.matmul =
        PackedMatmul.pack(ByteWeights.of(linear), bias.length > 0 ? ElementType.F32 : output, true);
    this.bias = bias;
  }

  @Override
  public ColumnGroups groups() {
    return groups;
  }

  @Override
  public Tensor apply(LinearInput input, KernelThreads threads) {
    SignedCodes x = input.signedCodes(quantizer, groups, threads);
    int rows = input.rows();
    Tensor output = Tensor.empty(matmul.outputType(), rows, matmul.outputFeatures());
    Tensor sum = RowFormat.sumOf(output, input.type());
    MemorySegment memory = output.memory();
    TileBias adding = TileBias.between(bias, output, memory, sum);
    threads.run(
        new TileTask() {
          @Override
          public int tileCount() {
            return matmul.tileCount(rows);
          }

          @Override
          public void runTile(int tile, RowScratch scratch) {
            matmul.runTile(tile, rows, x.codes(), x.scales(), memory);
            if (bias.length > 0) {
              int column = tile % matmul.slices() * PackedWeight.SLICE_COLUMNS;
              int row = tile / matmul.slices() * MatmulKernel.TILE_ROWS;
              adding.add(
                  row,
                  Math.min(MatmulKernel.TILE_ROWS, rows - row),
                  column,
                  Math.min(PackedWeight.SLICE_COLUMNS, matmul.outputFeatures() - column),
                  scratch);
            }
          }
        });
    return sum;
  }

  @Override
  public KernelChoice choice() {
    return new KernelChoice(
        "s8 x s8 -> s32", "packed product", "oneDNN " + matmul.implementation());
  }

  @Override
  public long bytes() {
    return matmul.packedBytes() + scaleBytes;
  }

  @Override
  public void close() {
    matmul.close();
  }
}
