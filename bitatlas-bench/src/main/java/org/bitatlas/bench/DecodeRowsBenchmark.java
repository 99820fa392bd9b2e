package org.bitatlas.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.bitatlas.kernel.ActivationCodes;
import org.bitatlas.kernel.AffineRows;
import org.bitatlas.kernel.FloatRows;
import org.bitatlas.kernel.IntegerProduct;
import org.bitatlas.kernel.IntegerRows;
import org.bitatlas.kernel.MatmulWeight;
import org.bitatlas.kernel.MemoryRead;
import org.bitatlas.kernel.PackedMatmul;
import org.bitatlas.kernel.RowKernels;
import org.bitatlas.kernel.RowScratch;
import org.bitatlas.kernel.TilePool;
import org.bitatlas.kernel.TileTask;
import org.bitatlas.kernel.WeightOnlyProduct;
import org.bitatlas.kernel.WeightOnlyRows;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.tensor.ElementType;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A linear layer for one token: one row of activations against a weight that comes from the memory,
 * because each call takes the next of copies that no cache holds together. {@code gigaBytes} counts
 * what a product reads of its weight; {@code MEMORY} reads only, and is the limit. Activations are
 * rounded in each call where the scheme rounds them.
 */
@State(Scope.Thread)
@Fork(
    value = 1,
    jvmArgsAppend = {
      "--enable-native-access=ALL-UNNAMED",
      "--add-modules=jdk.incubator.vector",
      "-Xmx1g"
    })
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class DecodeRowsBenchmark {

  private static final long COPIES_BYTES = 256L << 20;
  private static final int GROUP = 128;

  /** N x K. */
  @Param("6144x1536")
  public String shape;

  /** Threads that share the tiles, the caller's included. */
  @Param("1")
  public int workers;

  /** What is multiplied. */
  @Param({"MEMORY", "W8A8", "W8A8_ROWS", "W4A8_G128", "W4A16_G128", "F32", "BF16", "BF16_ROWS"})
  public Scheme scheme;

  /** Schemes side by side. */
  public enum Scheme {
    /** Reads as many bytes and multiplies nothing. */
    MEMORY,
    /** Codes of 8 bits, one scale per channel, times codes of 8 bits: packed by oneDNN. */
    W8A8,
    /** The same by the kernels of few rows. */
    W8A8_ROWS,
    /** Codes of 4 bits in groups, times codes of 8 bits. */
    W4A8_G128,
    /** Codes of 4 bits in groups, times floats. */
    W4A16_G128,
    /** fp32: packed by oneDNN. */
    F32,
    /** bf16: packed by oneDNN. */
    BF16,
    /** bf16 times floats by the kernels of few rows. */
    BF16_ROWS
  }

  /** Bytes of weights read, reported per second. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  public static class Rate {
    public double gigaBytes;
  }

  private final SplittableRandom random = new SplittableRandom(1);
  private final List<TileTask> layers = new ArrayList<>();
  private final RowKernels kernels = RowKernels.selected();
  private final ActivationQuantizer quantizer = ActivationQuantizer.perToken(8, true);
  private Arena arena;
  private TilePool pool;
  private ActivationCodes codes;
  private float[] activations;
  private float[] output;
  private int rows;
  private int columns;
  private double bytes;
  private int next;

  @Setup(Level.Trial)
  public void prepare() {
    arena = Arena.ofShared();
    pool = new TilePool(workers);
    rows = Integer.parseInt(shape.split("x", 2)[0]);
    columns = Integer.parseInt(shape.split("x", 2)[1]);
    activations = new float[columns];
    for (int k = 0; k < columns; k++) {
      activations[k] = (float) random.nextDouble(-1, 1);
    }
    codes = new ActivationCodes(1, columns);
    output = new float[rows];
    long size = add();
    for (long total = size; total < COPIES_BYTES; total += size) {
      add();
    }
    bytes = 1e-9 * size;
  }

  /** Adds a copy of the layer; returns what a product reads of it. */
  private long add() {
    switch (scheme) {
      case MEMORY -> {
        MemorySegment memory = arena.allocate(8 * MemoryRead.TILE_BYTES, 64).fill((byte) 1);
        MemoryRead read = new MemoryRead(memory);
        layers.add(read);
        return read.bytes();
      }
      case W8A8 -> {
        PackedMatmul packed = PackedMatmul.pack(byteCodes(), ElementType.F32, true);
        layers.add(new PackedRow(packed));
        return packed.packedBytes();
      }
      case W8A8_ROWS, W4A8_G128 -> {
        IntegerRows weight =
            IntegerRows.of(scheme == Scheme.W8A8_ROWS ? grid(8, columns) : grid(4, GROUP), arena);
        layers.add(new IntegerProduct(kernels, weight, 1));
        return weight.bytes();
      }
      case W4A16_G128 -> {
        return addFloat(AffineRows.of(grid(4, GROUP), arena));
      }
      case F32 -> {
        return addPacked(ElementType.F32);
      }
      case BF16 -> {
        return addPacked(ElementType.BF16);
      }
      case BF16_ROWS -> {
        return addFloat(
            FloatRows.brainFloat(rows, columns, floats(ElementType.BF16, arena), arena));
      }
    }
    throw new IllegalStateException("no such scheme: " + scheme);
  }

  private MemorySegment floats(ElementType type, Arena owner) {
    int bytes = type.bits() / Byte.SIZE;
    MemorySegment values = owner.allocate((long) rows * columns * bytes, bytes);
    for (long i = 0; i < (long) rows * columns; i++) {
      int pattern = Float.floatToRawIntBits((float) random.nextDouble(-1, 1));
      if (type == ElementType.F32) {
        values.setAtIndex(ValueLayout.JAVA_INT, i, pattern);
      } else {
        values.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) (pattern >> Short.SIZE));
      }
    }
    return values;
  }

  private long addPacked(ElementType type) {
    try (Arena once = Arena.ofConfined()) {
      MatmulWeight weight = MatmulWeight.of(type, floats(type, once), rows, columns);
      PackedMatmul packed = PackedMatmul.pack(weight, type, false);
      layers.add(new DenseRow(packed));
      return packed.packedBytes();
    }
  }

  private MatmulWeight byteCodes() {
    byte[] values = new byte[rows * columns];
    random.nextBytes(values);
    float[] scales = new float[rows];
    Arrays.fill(scales, 0.01f);
    return MatmulWeight.codes(values, rows, columns).withChannelScales(scales);
  }

  /** One row of codes times a weight that oneDNN packed. */
  private final class PackedRow implements TileTask {
    private final PackedMatmul packed;
    private final MemorySegment input = arena.allocate(columns, 64);
    private final MemorySegment scale = arena.allocate(Float.BYTES, 64);
    private final MemorySegment result = arena.allocate((long) rows * Float.BYTES, 64);

    PackedRow(PackedMatmul packed) {
      this.packed = packed;
    }

    PackedRow begin() {
      for (int k = 0; k < columns; k++) {
        input.set(ValueLayout.JAVA_BYTE, k, (byte) codes.code(0, k));
      }
      scale.set(ValueLayout.JAVA_FLOAT, 0, codes.scale(0));
      return this;
    }

    @Override
    public int tileCount() {
      return packed.tileCount(1);
    }

    @Override
    public void runTile(int tile, RowScratch scratch) {
      packed.runTile(tile, 1, input, scale, result);
    }
  }

  /** One row of floats times a weight that oneDNN packed. */
  private final class DenseRow implements TileTask {
    private final PackedMatmul packed;
    private final MemorySegment input = arena.allocate((long) columns * Float.BYTES, 64);
    private final MemorySegment result = arena.allocate((long) rows * Float.BYTES, 64);

    DenseRow(PackedMatmul packed) {
      this.packed = packed;
      input.fill((byte) 0x3F);
    }

    @Override
    public int tileCount() {
      return packed.tileCount(1);
    }

    @Override
    public void runTile(int tile, RowScratch scratch) {
      packed.runTile(tile, 1, input, MemorySegment.NULL, result);
    }
  }

  private long addFloat(WeightOnlyRows weight) {
    layers.add(new WeightOnlyProduct(kernels, weight, 1));
    return weight.bytes();
  }

  private GridLinear grid(int bits, int groupSize) {
    byte[] unpacked = new byte[rows * columns];
    for (int i = 0; i < unpacked.length; i++) {
      unpacked[i] = (byte) random.nextInt(1 << bits);
    }
    int cells = rows * Math.ceilDiv(columns, groupSize);
    float[] scales = new float[cells];
    Arrays.fill(scales, 0.01f);
    byte[] zeros = new byte[cells];
    Arrays.fill(zeros, (byte) (1 << (bits - 1)));
    return GridLinear.of(
        rows, columns, bits, groupSize, true, unpacked, scales, zeros, Optional.empty());
  }

  @TearDown(Level.Trial)
  public void free() {
    pool.close();
    for (TileTask layer : layers) {
      if (layer instanceof PackedRow row) {
        row.packed.close();
      } else if (layer instanceof DenseRow row) {
        row.packed.close();
      }
    }
    arena.close();
  }

  @Benchmark
  public float linear(Rate rate) {
    TileTask layer = layers.get(next);
    next = next + 1 == layers.size() ? 0 : next + 1;
    if (layer instanceof IntegerProduct product) {
      kernels.quantize(activations, 0, 1, quantizer, codes);
      product.begin(codes, output);
    } else if (layer instanceof WeightOnlyProduct product) {
      product.begin(activations, 0, 1, output);
    } else if (layer instanceof PackedRow row) {
      kernels.quantize(activations, 0, 1, quantizer, codes);
      row.begin();
    }
    pool.run(layer);
    rate.gigaBytes += bytes;
    return output[0];
  }
}
