package org.bitatlas.kernel;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;

/** One scale per output feature: oneDNN's product does all but the bias. */
final class ScaledProduct implements IntegerLinear.ManyRows {

  private final PackedMatmul matmul;
  private final ActivationQuantizer quantizer;
  private final ColumnGroups groups;
  private final Optional<Tensor> bias;

  ScaledProduct(
      ByteWeights weights, float[] bias, ActivationQuantizer quantizer, ElementType output) {
    this.quantizer = quantizer;
    this.groups = weights.groups();
    MatmulWeight codes =
        MatmulWeight.codes(weights.codes(), weights.rows(), groups.columns())
            .withChannelScales(weights.scales());
    // The bias is added to the fp32 result: oneDNN would add it before the scale of the row.
    this.matmul = PackedMatmul.pack(codes, bias.length > 0 ? ElementType.F32 : output, true);
    this.bias = bias.length > 0 ? Optional.of(RowFormat.vector(bias)) : Optional.empty();
  }

  @Override
  public Tensor apply(LinearInput input, KernelThreads threads) {
    SignedCodes x = input.signedCodes(quantizer, groups, threads);
    int rows = input.rows();
    Tensor output = Tensor.empty(matmul.outputType(), rows, matmul.outputFeatures());
    MemorySegment memory = output.memory();
    threads.run(
        new TileTask() {
          @Override
          public int tileCount() {
            return matmul.tileCount(rows);
          }

          @Override
          public void runTile(int tile, RowScratch scratch) {
            matmul.runTile(tile, rows, x.codes(), x.scales(), memory);
          }
        });
    return bias.isPresent() ? output.addInPlace(bias.get()).to(input.type()) : output;
  }

  @Override
  public KernelChoice choice() {
    return new KernelChoice(
        "s8 x s8 -> s32", "packed product", "oneDNN " + matmul.implementation());
  }

  @Override
  public long bytes() {
    return matmul.packedBytes();
  }

  @Override
  public void close() {
    matmul.close();
    bias.ifPresent(Tensor::close);
  }
}
