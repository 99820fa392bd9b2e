package org.bitatlas.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import org.bitatlas.tensor.ElementType;

/**
 * Exact sums of products of codes, acc = X W^T in int32: by oneDNN where it multiplies bytes
 * without an error, else one by one.
 */
final class CodeProduct implements AutoCloseable {

  private static final int TILE_ROWS = 16;

  private final Optional<PackedMatmul> matmul;
  private final byte[] weight;
  private final int outputFeatures;
  private final int inputFeatures;

  /**
   * A product.
   *
   * @param weight W [N x K], signed, row-major
   */
  CodeProduct(byte[] weight, int outputFeatures, int inputFeatures) {
    this.outputFeatures = outputFeatures;
    this.inputFeatures = inputFeatures;
    this.matmul =
        ByteWeights.exactLibrary()
            ? Optional.of(
                PackedMatmul.pack(
                    MatmulWeight.codes(weight, outputFeatures, inputFeatures),
                    ElementType.I32,
                    false))
            : Optional.empty();
    this.weight = matmul.isPresent() ? new byte[0] : weight;
  }

  /**
   * Computes all sums.
   *
   * @param codes X [M x K] of bytes, off the heap
   * @param sums receives acc [M x N] of int32, off the heap
   */
  void multiply(int rows, MemorySegment codes, MemorySegment sums, KernelThreads threads) {
    threads.run(
        new TileTask() {
          @Override
          public int tileCount() {
            return matmul.map(product -> product.tileCount(rows)).orElse(tiles(rows));
          }

          @Override
          public void runTile(int tile, RowScratch scratch) {
            if (matmul.isPresent()) {
              matmul.get().runTile(tile, rows, codes, MemorySegment.NULL, sums);
            } else {
              oneByOne(tile, rows, codes, sums);
            }
          }
        });
  }

  static int tiles(int rows) {
    return Math.ceilDiv(rows, TILE_ROWS);
  }

  private void oneByOne(int tile, int rows, MemorySegment codes, MemorySegment sums) {
    byte[] row = new byte[inputFeatures];
    int end = Math.min((tile + 1) * TILE_ROWS, rows);
    for (int m = tile * TILE_ROWS; m < end; m++) {
      long from = (long) m * inputFeatures;
      MemorySegment.copy(codes, ValueLayout.JAVA_BYTE, from, row, 0, inputFeatures);
      for (int n = 0; n < outputFeatures; n++) {
        int sum = 0;
        int at = n * inputFeatures;
        for (int k = 0; k < inputFeatures; k++) {
          sum += row[k] * weight[at + k];
        }
        sums.setAtIndex(ValueLayout.JAVA_INT, (long) m * outputFeatures + n, sum);
      }
    }
  }

  /** Bytes of the weight. */
  long bytes() {
    return matmul.map(PackedMatmul::packedBytes).orElse((long) weight.length);
  }

  /** What multiplies, in words. */
  String implementation() {
    return matmul.map(product -> "oneDNN " + product.implementation()).orElse("scalar");
  }

  @Override
  public void close() {
    matmul.ifPresent(PackedMatmul::close);
  }
}
