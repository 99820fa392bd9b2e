package org.bitatlas.study.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.bitatlas.kernel.MatmulWeight;
import org.bitatlas.kernel.MemoryRead;
import org.bitatlas.kernel.OneDnn;
import org.bitatlas.kernel.PackedMatmul;
import org.bitatlas.kernel.RowScratch;
import org.bitatlas.kernel.TilePool;
import org.bitatlas.kernel.TileTask;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.InputGroup;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;

/**
 * Measures {@link Limits}: memory by reading it, products by the linear layers of one block at the
 * length of the prompt, weights packed before. Each is measured after runs that are not counted.
 */
final class LimitMeter {

  private final Architecture architecture;
  private final int rows;
  private final long readBytes;
  private final TilePool pool;
  private final double leastSeconds;

  /**
   * A meter.
   *
   * @param rows tokens of the prompt
   * @param readBytes memory to read
   * @param leastSeconds how long each is run uncounted and then counted, at least
   */
  LimitMeter(
      Architecture architecture, int rows, long readBytes, TilePool pool, double leastSeconds) {
    this.architecture = architecture;
    this.rows = rows;
    this.readBytes = readBytes;
    this.pool = pool;
    this.leastSeconds = leastSeconds;
  }

  Limits measure() {
    Map<ElementType, Double> peaks = new EnumMap<>(ElementType.class);
    for (ElementType type : types()) {
      peaks.put(type, products(type));
    }
    return new Limits(bandwidth(), peaks);
  }

  /** Types that oneDNN has kernels for, on this machine. */
  private static List<ElementType> types() {
    try {
      OneDnn.load();
    } catch (BitAtlasException absent) {
      return List.of();
    }
    List<ElementType> types = new ArrayList<>(List.of(ElementType.F32));
    if (OneDnn.multipliesBf16()) {
      types.add(ElementType.BF16);
    }
    if (OneDnn.exactIntegers()) {
      types.add(ElementType.I8);
    }
    return types;
  }

  private double bandwidth() {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment memory = arena.allocate(readBytes, 64).fill((byte) 1);
      MemoryRead read = new MemoryRead(memory);
      return read.bytes() / seconds(read);
    }
  }

  /** Sums in s32 of codes, fp32 of floats. */
  private double products(ElementType type) {
    double operations = 0;
    double seconds = 0;
    ElementType output = type == ElementType.I8 ? ElementType.I32 : ElementType.F32;
    for (InputGroup group : InputGroup.values()) {
      int depth = architecture.inputFeatures(group.observed());
      int width = 0;
      for (Projection projection : group.projections()) {
        width += architecture.outputFeatures(projection);
      }
      try (Arena arena = Arena.ofShared()) {
        MemorySegment weight = random(type, (long) width * depth, arena);
        MemorySegment input = random(type, (long) rows * depth, arena);
        MemorySegment result = arena.allocate((long) rows * width * output.bits() / Byte.SIZE, 64);
        try (PackedMatmul packed =
            PackedMatmul.pack(MatmulWeight.of(type, weight, width, depth), output, false)) {
          Product product = new Product(packed, rows, input, result);
          seconds += seconds(product);
          operations += 2.0 * rows * width * depth;
        }
      }
    }
    return operations / seconds;
  }

  /** Time of a run, the mean of several, after some that are not counted: code gets compiled. */
  private double seconds(TileTask task) {
    double uncounted = 0;
    while (uncounted < leastSeconds) {
      uncounted += once(task);
    }
    double counted = 0;
    int runs = 0;
    while (counted < leastSeconds) {
      counted += once(task);
      runs++;
    }
    return counted / runs;
  }

  private double once(TileTask task) {
    long start = System.nanoTime();
    pool.run(task);
    return (System.nanoTime() - start) * 1e-9;
  }

  /** Random bytes in which no float is infinite, not a number or tiny. */
  private static MemorySegment random(ElementType type, long count, Arena arena) {
    long bytes = count * type.bits() / Byte.SIZE;
    MemorySegment memory = arena.allocate(bytes, 64);
    byte[] drawn = new byte[(int) Math.min(bytes, 1 << 20)];
    new SplittableRandom(1).nextBytes(drawn);
    int size = type.bits() / Byte.SIZE;
    if (size > 1) {
      for (int i = size - 1; i < drawn.length; i += size) {
        // The byte of sign and exponent: magnitudes from 1 to 2.
        drawn[i] = (byte) (drawn[i] < 0 ? 0xBF : 0x3F);
        drawn[i - 1] |= (byte) 0x80;
      }
    }
    for (long at = 0; at < bytes; at += drawn.length) {
      long length = Math.min(drawn.length, bytes - at);
      MemorySegment.copy(MemorySegment.ofArray(drawn), 0, memory, at, length);
    }
    return memory;
  }

  private record Product(PackedMatmul packed, int rows, MemorySegment input, MemorySegment output)
      implements TileTask {

    @Override
    public int tileCount() {
      return packed.tileCount(rows);
    }

    @Override
    public void runTile(int tile, RowScratch scratch) {
      packed.runTile(tile, rows, input, MemorySegment.NULL, output);
    }
  }
}
