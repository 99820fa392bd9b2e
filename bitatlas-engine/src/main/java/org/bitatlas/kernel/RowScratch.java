package org.bitatlas.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Buffers of one thread, grown to what the products need and kept. */
public final class RowScratch {

  /** Columns widened at a time: a multiple of 4 and of the columns of every slab; 20 KiB. */
  static final int CHUNK = 160;

  /** Sums of a row of activations over each group: [rows x G x 32]. */
  int[] integerSums = {};

  /** The same for float activations. */
  float[] floatSums = {};

  /** Widened weights [columns x 32]. */
  final float[] chunk = new float[CHUNK * Panels.ROWS];

  /** Values of the four chains of a dot product with 32 rows of weights. */
  static final int CHAINS = 4 * Panels.ROWS;

  private float[] chains = {};

  /** Results of a panel. */
  final float[] results = new float[Panels.ROWS];

  /** Empty buffers. */
  public RowScratch() {}

  int[] integerSums(int count) {
    if (integerSums.length < count) {
      integerSums = new int[count];
    }
    return integerSums;
  }

  /** The chains of a group's dot products: [rows x 4 x 32]. */
  float[] chains(int count) {
    if (chains.length < count) {
      chains = new float[count];
    }
    return chains;
  }

  float[] floatSums(int count) {
    if (floatSums.length < count) {
      floatSums = new float[count];
    }
    return floatSums;
  }

  private float[] rows = {};
  private byte[] bytes = {};
  private float[] tile = {};
  private MemorySegment memory = MemorySegment.NULL;
  private final List<ActivationCodes> codes = new ArrayList<>();

  /** Rows of activations. */
  float[] rows(int count) {
    if (rows.length < count) {
      rows = new float[count];
    }
    return rows;
  }

  byte[] bytes(int count) {
    if (bytes.length < count) {
      bytes = new byte[count];
    }
    return bytes;
  }

  /** Sums of a tile. */
  float[] tile(int count) {
    if (tile.length < count) {
      tile = new float[count];
    }
    return tile;
  }

  /** Memory off the heap, of unspecified content. */
  MemorySegment memory(long count) {
    if (memory.byteSize() < count) {
      memory = Arena.ofAuto().allocate(count, Panels.SLAB_BYTES);
    }
    return memory;
  }

  /** Room for integer activations. */
  ActivationCodes codes(int maxRows, int columns) {
    for (ActivationCodes candidate : codes) {
      if (candidate.maxRows() == maxRows && candidate.columns() == columns) {
        return candidate;
      }
    }
    ActivationCodes made = new ActivationCodes(maxRows, columns);
    codes.add(made);
    return made;
  }
}
