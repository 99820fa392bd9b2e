package org.bitatlas.kernel;

import java.lang.foreign.MemorySegment;
import org.bitatlas.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** A float product with W packed for oneDNN. */
final class OneDnnProduct implements DenseProduct {

  /** Multiplications below which handing out tiles takes longer than the product. */
  private static final long WORTH_SHARING = 1 << 18;

  private final PackedMatmul matmul;
  private volatile @Nullable PackedRows rows;

  OneDnnProduct(PackedMatmul matmul) {
    this.matmul = matmul;
  }

  @Override
  public Tensor apply(LinearInput input, KernelThreads threads) {
    int count = input.rows();
    Tensor output = Tensor.empty(matmul.outputType(), count, matmul.outputFeatures());
    MemorySegment x = input.memory();
    MemorySegment y = output.memory();
    if ((long) count * matmul.outputFeatures() * matmul.inputFeatures() < WORTH_SHARING) {
      matmul.run(count, x, MemorySegment.NULL, y);
      return output;
    }
    threads.run(
        new TileTask() {
          @Override
          public int tileCount() {
            return matmul.tileCount(count);
          }

          @Override
          public void runTile(int tile, RowScratch scratch) {
            matmul.runTile(tile, count, x, MemorySegment.NULL, y);
          }
        });
    return output;
  }

  @Override
  public Tensor rows(long[] indexes) {
    PackedRows lookup = rows;
    if (lookup == null) {
      lookup = new PackedRows(matmul);
      rows = lookup;
    }
    return lookup.read(indexes);
  }

  @Override
  public long bytes() {
    return matmul.packedBytes();
  }

  @Override
  public String kernel() {
    return "packed product";
  }

  @Override
  public String implementation() {
    return "oneDNN " + matmul.implementation();
  }

  @Override
  public void close() {
    matmul.close();
  }
}
