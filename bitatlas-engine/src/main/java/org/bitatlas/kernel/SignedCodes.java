package org.bitatlas.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.ActivationQuantizer.Strategy;

/**
 * Many rows of activations as signed bytes: x[m][k] is scale[m] * (code[m][k] + shift[m]). The
 * shift is 0 but on an asymmetric grid of 8 bits, whose codes from its zero point need more than a
 * byte. The columns of each block lie together: [blocks x M x width], narrower blocks filled with
 * zeros.
 */
final class SignedCodes {

  private static final int TILE_ROWS = 16;

  private final ActivationQuantizer quantizer;
  private final ColumnGroups blocks;
  private final int width;
  private MemorySegment codes = MemorySegment.NULL;
  private MemorySegment scales = MemorySegment.NULL;
  private int[] shifts = {};
  private int rows;
  private long filled = -1;

  SignedCodes(ActivationQuantizer quantizer, ColumnGroups blocks) {
    this.quantizer = quantizer;
    this.blocks = blocks;
    this.width = blocks.widest();
  }

  /** Whether a grid has codes that need a shift. */
  static boolean shifted(ActivationQuantizer quantizer) {
    return !quantizer.symmetric() && quantizer.bits() == Byte.SIZE;
  }

  boolean serves(ActivationQuantizer wanted, ColumnGroups layout) {
    return quantizer.equals(wanted) && blocks.sameAs(layout);
  }

  /** These codes of an input; computed once for a call. */
  SignedCodes of(LinearInput input, long call, KernelThreads threads) {
    if (filled != call) {
      reserve(input.rows());
      threads.run(new Filling(input));
      filled = call;
    }
    return this;
  }

  private void reserve(int newRows) {
    rows = newRows;
    long bytes = (long) blocks.count() * rows * width;
    if (codes.byteSize() < bytes) {
      codes = Arena.ofAuto().allocate(bytes, 64);
    }
    if (shifts.length < rows) {
      shifts = new int[rows];
      scales = Arena.ofAuto().allocate((long) rows * Float.BYTES, 64);
    }
  }

  /** Codes of block 0, then of block 1 and so on. */
  MemorySegment codes() {
    return codes;
  }

  /** The codes of a block [M x width] from a row on. */
  MemorySegment block(int block, int firstRow) {
    return codes.asSlice(((long) block * rows + firstRow) * width);
  }

  /** Scales [M]. */
  MemorySegment scales() {
    return scales;
  }

  float scale(int row) {
    return scales.getAtIndex(ValueLayout.JAVA_FLOAT, row);
  }

  int shift(int row) {
    return shifts[row];
  }

  private final class Filling implements TileTask {
    private final LinearInput input;
    private final int tileRows;

    Filling(LinearInput input) {
      this.input = input;
      // One scale for all rows is found from all rows.
      boolean whole = quantizer.strategy() == Strategy.TENSOR && quantizer.dynamic();
      this.tileRows = whole ? rows : TILE_ROWS;
    }

    @Override
    public int tileCount() {
      return Math.ceilDiv(rows, tileRows);
    }

    @Override
    public void runTile(int tile, RowScratch scratch) {
      int first = tile * tileRows;
      int count = Math.min(tileRows, rows - first);
      int columns = input.columns();
      float[] values = scratch.rows(count * columns);
      input.read(first, count, values);
      ActivationCodes wide =
          tileRows == TILE_ROWS
              ? scratch.codes(TILE_ROWS, columns)
              : new ActivationCodes(tileRows, columns);
      input.kernels().quantize(values, 0, count, quantizer, wide);
      byte[] narrow = scratch.bytes(width);
      for (int row = 0; row < count; row++) {
        int shift = shifted(quantizer) ? wide.least(row) - Byte.MIN_VALUE : 0;
        shifts[first + row] = shift;
        scales.setAtIndex(ValueLayout.JAVA_FLOAT, first + row, wide.scale(row));
        int from = row * ActivationCodes.stride(columns);
        for (int block = 0; block < blocks.count(); block++) {
          narrow(input.kernels(), wide.codes(), from, block, shift, narrow);
          long to = ((long) block * rows + first + row) * width;
          MemorySegment.copy(narrow, 0, codes, ValueLayout.JAVA_BYTE, to, width);
        }
      }
    }

    private void narrow(
        RowKernels kernels, short[] source, int from, int block, int shift, byte[] target) {
      int start = blocks.start(block);
      int count = blocks.width(block);
      if (blocks.reordered()) {
        for (int k = 0; k < count; k++) {
          target[k] = (byte) (source[from + blocks.column(start + k)] - shift);
        }
      } else {
        kernels.narrow(source, from + start, count, shift, target);
      }
      for (int k = count; k < width; k++) {
        target[k] = 0;
      }
    }
  }
}
