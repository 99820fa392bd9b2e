package org.bitatlas.kernel;

import java.lang.foreign.MemorySegment;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;

/**
 * What stands between the products of a decoder block, on tensors in fp32 or bf16: in fp32 within
 * one pass, rounded once where it is stored; rows are shared among threads.
 */
public final class BlockRows {

  /** Values of a tile, unless a row has more. */
  private static final int TILE_VALUES = 16_384;

  private final BlockKernels kernels;
  private final KernelThreads threads;

  /** Operations that use these kernels and threads. */
  public BlockRows(RowKernels rows, KernelThreads threads) {
    this.kernels = BlockKernels.with(rows);
    this.threads = threads;
  }

  /** Rows of a tensor by tile. */
  private abstract static class Rows implements TileTask {
    final int count;
    final int perTile;

    Rows(int count, int width) {
      this.count = count;
      this.perTile = Math.max(1, TILE_VALUES / width);
    }

    @Override
    public int tileCount() {
      return Math.ceilDiv(count, perTile);
    }

    @Override
    public void runTile(int tile, RowScratch scratch) {
      int end = Math.min(count, (tile + 1) * perTile);
      for (int row = tile * perTile; row < end; row++) {
        run(row, scratch);
      }
    }

    abstract void run(int row, RowScratch scratch);
  }

  /**
   * Root mean square norm: x / sqrt(mean(x^2) + epsilon) * weight.
   *
   * @param hidden [.. x D]
   * @param weight [D] of the type of {@code hidden}
   * @return a new tensor of the shape of {@code hidden}
   */
  public Tensor rmsNorm(Tensor hidden, Tensor weight, double epsilon) {
    return normed(hidden, MemorySegment.NULL, weight, epsilon);
  }

  /**
   * Adds {@code residual} to {@code hidden} in place and takes the norm of the sum.
   *
   * @param hidden [.. x D]
   * @param residual of the same shape and type
   */
  public Tensor addThenNorm(Tensor hidden, Tensor residual, Tensor weight, double epsilon) {
    return normed(hidden, residual.memory(), weight, epsilon);
  }

  private Tensor normed(Tensor hidden, MemorySegment residual, Tensor weight, double epsilon) {
    ElementType type = hidden.elementType();
    int width = Math.toIntExact(weight.elementCount());
    int count = Math.toIntExact(hidden.elementCount() / width);
    Tensor output = Tensor.empty(type, hidden.shape());
    MemorySegment x = hidden.memory();
    MemorySegment y = output.memory();
    MemorySegment factors = weight.memory();
    boolean adds = residual.byteSize() > 0;
    threads.run(
        new Rows(count, width) {
          @Override
          public void runTile(int tile, RowScratch scratch) {
            RowFormat.read(factors, type, 0, width, scratch.floatSums(width), 0);
            super.runTile(tile, scratch);
          }

          @Override
          void run(int row, RowScratch scratch) {
            long first = (long) row * width;
            float[] values = scratch.rows(2 * width);
            RowFormat.read(x, type, first, width, values, 0);
            if (adds) {
              RowFormat.read(residual, type, first, width, values, width);
              kernels.add(values, width, width, values, 0);
              RowFormat.write(values, 0, width, x, type, first);
              // The norm sees what the next block will.
              RowFormat.read(x, type, first, width, values, 0);
            }
            float squares = kernels.sumOfSquares(values, 0, width, scratch.results);
            float factor = (float) (1 / Math.sqrt(squares / width + epsilon));
            kernels.scale(values, 0, width, factor, scratch.floatSums, values, width);
            RowFormat.write(values, width, width, y, type, first);
          }
        });
    return output;
  }

  /** Adds {@code residual} to {@code hidden} in place. */
  public Tensor add(Tensor hidden, Tensor residual) {
    ElementType type = hidden.elementType();
    int width = Math.toIntExact(hidden.size(-1));
    int count = Math.toIntExact(hidden.elementCount() / width);
    MemorySegment x = hidden.memory();
    MemorySegment y = residual.memory();
    threads.run(
        new Rows(count, width) {
          @Override
          void run(int row, RowScratch scratch) {
            long first = (long) row * width;
            float[] values = scratch.rows(2 * width);
            RowFormat.read(x, type, first, width, values, 0);
            RowFormat.read(y, type, first, width, values, width);
            kernels.add(values, width, width, values, 0);
            RowFormat.write(values, 0, width, x, type, first);
          }
        });
    return hidden;
  }

  /**
   * SwiGLU: gate * sigmoid(gate) * up.
   *
   * @param both gate and up side by side [.. x 2 W]
   * @return [.. x W]
   */
  public Tensor swiGlu(Tensor both) {
    ElementType type = both.elementType();
    long[] shape = both.shape();
    int width = Math.toIntExact(shape[shape.length - 1] / 2);
    shape[shape.length - 1] = width;
    Tensor output = Tensor.empty(type, shape);
    MemorySegment x = both.memory();
    MemorySegment y = output.memory();
    threads.run(
        new Rows(Math.toIntExact(output.elementCount() / width), width) {
          @Override
          void run(int row, RowScratch scratch) {
            float[] values = scratch.rows(2 * width);
            RowFormat.read(x, type, 2L * row * width, 2 * width, values, 0);
            kernels.swiGlu(values, 0, values, width, width);
            RowFormat.write(values, 0, width, y, type, (long) row * width);
          }
        });
    return output;
  }

  /**
   * Rotates the first heads of each token in place.
   *
   * @param heads [B x T x n x d]
   * @param rotated heads that are rotated
   * @param cosine [T or 1 x 1 x d] or [B or 1 x T or 1 x 1 x d], of the type of the heads
   * @param sine the same
   */
  public void rotate(Tensor heads, int rotated, Tensor cosine, Tensor sine) {
    ElementType type = heads.elementType();
    int length = Math.toIntExact(heads.size(1));
    int all = Math.toIntExact(heads.size(2));
    int dimension = Math.toIntExact(heads.size(3));
    long[] shape = cosine.shape();
    int positions = Math.toIntExact(shape[shape.length - 3]);
    boolean perSequence = shape.length == 4 && shape[0] > 1;
    MemorySegment x = heads.memory();
    MemorySegment cosines = cosine.memory();
    MemorySegment sines = sine.memory();
    threads.run(
        new Rows(Math.toIntExact(heads.size(0)) * length, rotated * dimension) {
          @Override
          void run(int row, RowScratch scratch) {
            int position = positions == 1 ? 0 : row % length;
            long table = (long) (perSequence ? row / length * positions : 0) + position;
            float[] tables = scratch.floatSums(2 * dimension);
            RowFormat.read(cosines, type, table * dimension, dimension, tables, 0);
            RowFormat.read(sines, type, table * dimension, dimension, tables, dimension);
            int count = rotated * dimension;
            float[] values = scratch.rows(count);
            long first = (long) row * all * dimension;
            RowFormat.read(x, type, first, count, values, 0);
            for (int head = 0; head < rotated; head++) {
              kernels.rotate(values, head * dimension, dimension, tables);
            }
            RowFormat.write(values, 0, count, x, type, first);
          }
        });
  }
}
