package org.bitatlas.kernel;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Reads memory once and writes none: what a product that is limited by the memory can at best
 * reach. Memory that no cache holds, say 1 GiB, is read at the rate of the machine's memory.
 */
public final class MemoryRead implements TileTask {

  /** Bytes of a tile; the memory's size is rounded down to whole tiles. */
  public static final int TILE_BYTES = 1 << 20;

  private static final VectorSpecies<Long> SPECIES = LongVector.SPECIES_PREFERRED;

  private final MemorySegment memory;
  private final AtomicLong total = new AtomicLong();

  /** Reads {@code memory}, which the caller has written to before: pages never written are one. */
  public MemoryRead(MemorySegment memory) {
    this.memory = memory;
  }

  /** Bytes that a run reads. */
  public long bytes() {
    return (long) tileCount() * TILE_BYTES;
  }

  /** Sum of the 64-bit words of all runs: what keeps the compiler from leaving the reads out. */
  public long total() {
    return total.get();
  }

  @Override
  public int tileCount() {
    return Math.toIntExact(memory.byteSize() / TILE_BYTES);
  }

  @Override
  public void runTile(int tile, RowScratch scratch) {
    total.addAndGet(sum((long) tile * TILE_BYTES));
  }

  /** Four sums, so that additions do not wait for each other. */
  private long sum(long from) {
    int step = SPECIES.vectorByteSize();
    LongVector a = LongVector.zero(SPECIES);
    LongVector b = a;
    LongVector c = a;
    LongVector d = a;
    for (long at = from; at < from + TILE_BYTES; at += 4L * step) {
      a = a.add(LongVector.fromMemorySegment(SPECIES, memory, at, Lanes.ORDER));
      b = b.add(LongVector.fromMemorySegment(SPECIES, memory, at + step, Lanes.ORDER));
      c = c.add(LongVector.fromMemorySegment(SPECIES, memory, at + 2L * step, Lanes.ORDER));
      d = d.add(LongVector.fromMemorySegment(SPECIES, memory, at + 3L * step, Lanes.ORDER));
    }
    return a.add(b).add(c.add(d)).reduceLanes(VectorOperators.ADD);
  }
}
