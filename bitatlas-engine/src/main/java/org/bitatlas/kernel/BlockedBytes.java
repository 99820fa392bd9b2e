package org.bitatlas.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import org.bitatlas.tensor.ElementType;

/**
 * oneDNN's layout of a slice of signed bytes W [N x K]: four columns of a feature side by side,
 * then the other features of a block, then the next four columns; block after block. K and N are
 * rounded up with zeros. Where the CPU multiplies unsigned by signed bytes, -128 times the sum of
 * each feature's codes [N'] follows in 32 bits.
 *
 * @param features N'
 * @param depth K'
 * @param block features of a block
 * @param summed whether the sums follow
 */
record BlockedBytes(int features, int depth, int block, boolean summed) {

  /** Columns that lie side by side. */
  static final int QUAD = 4;

  /** Factor of the sums. */
  static final int SURPLUS = -128;

  private static final int[] BLOCKS = {64, 48, 32, 16};
  private static final int[] DEPTH_STEPS = {64, QUAD};

  /**
   * The layout that a kernel reads; empty where it is another one. oneDNN is not asked what it
   * calls its layout: it packs a slice, and the codes are looked for.
   */
  static Optional<BlockedBytes> of(MatmulKernel kernel, int depth) {
    int columns = kernel.columns();
    byte[] codes = new byte[columns * depth];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) (i * 0x9E3779B9 >>> 24);
    }
    try (Arena arena = Arena.ofConfined();
        MatmulPacking packing =
            new MatmulPacking(ElementType.I8, columns, depth, kernel.weightLayout())) {
      MemorySegment packed = arena.allocate(kernel.weightBytes(), 64);
      int threads = OneDnnThreads.enter();
      try {
        packing.pack(WeightRows.of(MemorySegment.ofArray(codes), depth), 0, packed.address());
      } finally {
        OneDnnThreads.leave(threads);
      }
      for (int block : BLOCKS) {
        for (int step : DEPTH_STEPS) {
          for (boolean summed : new boolean[] {false, true}) {
            BlockedBytes candidate =
                new BlockedBytes(up(columns, block), up(depth, step), block, summed);
            if (candidate.bytes() == packed.byteSize() && candidate.holds(packed, codes, depth)) {
              return Optional.of(candidate);
            }
          }
        }
      }
      return Optional.empty();
    }
  }

  private static int up(int count, int step) {
    return Math.ceilDiv(count, step) * step;
  }

  private boolean holds(MemorySegment packed, byte[] codes, int columns) {
    for (int n = 0; n < codes.length / columns; n++) {
      int sum = 0;
      for (int k = 0; k < columns; k++) {
        byte code = codes[n * columns + k];
        sum += code;
        long at = offset(n) + (long) (k / QUAD) * stride() + k % QUAD;
        if (packed.get(ValueLayout.JAVA_BYTE, at) != code) {
          return false;
        }
      }
      if (summed && packed.get(ValueLayout.JAVA_INT, sumOffset(n)) != SURPLUS * sum) {
        return false;
      }
    }
    return true;
  }

  /** The same for some of the columns: blocks, not sums. */
  BlockedBytes ofDepth(int columns) {
    return new BlockedBytes(features, columns, block, false);
  }

  /** Where the first four columns of a feature lie. */
  long offset(int feature) {
    return (long) feature / block * block * depth + (long) feature % block * QUAD;
  }

  /** Bytes from four columns of a feature to its next four. */
  long stride() {
    return (long) block * QUAD;
  }

  /** Groups of four columns of a feature. */
  int quads() {
    return depth / QUAD;
  }

  /** Where the sum of a feature lies. */
  long sumOffset(int feature) {
    return (long) features * depth + (long) feature * Integer.BYTES;
  }

  long bytes() {
    return summed ? sumOffset(features) : (long) features * depth;
  }
}
