package org.bitatlas.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.bitatlas.kernel.MatmulWeight;
import org.bitatlas.kernel.PackedMatmul;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.NativeRuntime;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;
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
 * The linear layers of one openPangu-1B block over a prompt of {@value #ROWS} tokens, on one
 * thread: weights packed once for oneDNN against libtorch's {@code linear}, which packs on each
 * call. {@code gigaOperations} counts 2 M N K per product.
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
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
public class PrefillMatmulBenchmark {

  static final int ROWS = 512;

  /** Projections that share an input, as N x K. */
  @Param({"3072x1536", "1536x1536", "12288x1536", "1536x6144"})
  public String shape;

  /** Who multiplies, and what. */
  @Param({
    "ONEDNN_S8_S32",
    "ONEDNN_S8_F32",
    "ONEDNN_S8_ROWS_F32",
    "ONEDNN_BF16",
    "ONEDNN_F32",
    "LIBTORCH_BF16",
    "LIBTORCH_F32"
  })
  public Kernel kernel;

  /** Kernels side by side. */
  public enum Kernel {
    /** Sums of codes. */
    ONEDNN_S8_S32(ElementType.I8),
    /** Sums of codes times a scale per channel. */
    ONEDNN_S8_F32(ElementType.I8),
    /** Sums of codes times a scale per channel and one per row. */
    ONEDNN_S8_ROWS_F32(ElementType.I8),
    /** bf16 to bf16. */
    ONEDNN_BF16(ElementType.BF16),
    /** fp32. */
    ONEDNN_F32(ElementType.F32),
    /** bf16 to bf16. */
    LIBTORCH_BF16(ElementType.BF16),
    /** fp32. */
    LIBTORCH_F32(ElementType.F32);

    final ElementType type;

    Kernel(ElementType type) {
      this.type = type;
    }

    ElementType output() {
      return switch (this) {
        case ONEDNN_S8_S32 -> ElementType.I32;
        case ONEDNN_S8_F32, ONEDNN_S8_ROWS_F32, ONEDNN_F32, LIBTORCH_F32 -> ElementType.F32;
        case ONEDNN_BF16, LIBTORCH_BF16 -> ElementType.BF16;
      };
    }
  }

  /** Operations done, reported per second. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  public static class Rate {
    public double gigaOperations;
  }

  private Arena arena;
  private Tensor input;
  private Tensor weight;
  private PackedMatmul product;
  private MemorySegment inputMemory;
  private MemorySegment rowScales;
  private MemorySegment output;
  private boolean libtorch;
  private double operations;

  @Setup(Level.Trial)
  public void prepare() {
    NativeRuntime.useSingleThread();
    arena = Arena.ofShared();
    int n = Integer.parseInt(shape.split("x", 2)[0]);
    int k = Integer.parseInt(shape.split("x", 2)[1]);
    operations = 2e-9 * ROWS * n * k;
    libtorch = kernel.name().startsWith("LIBTORCH");
    try (TensorScope _ = TensorScope.open()) {
      input = random(ROWS, k).unscoped();
      weight = random(n, k).unscoped();
    }
    inputMemory = input.memory();
    rowScales = MemorySegment.NULL;
    output = arena.allocate((long) ROWS * n * kernel.output().bits() / Byte.SIZE, 64);
    if (!libtorch) {
      MatmulWeight plain = MatmulWeight.of(kernel.type, weight.memory(), n, k);
      boolean scaled = kernel == Kernel.ONEDNN_S8_F32 || kernel == Kernel.ONEDNN_S8_ROWS_F32;
      boolean rows = kernel == Kernel.ONEDNN_S8_ROWS_F32;
      if (rows) {
        rowScales = arena.allocate((long) ROWS * Float.BYTES, 64);
      }
      product =
          PackedMatmul.pack(
              scaled ? plain.withChannelScales(new float[n]) : plain, kernel.output(), rows);
    }
  }

  private Tensor random(int rows, int columns) {
    SplittableRandom random = new SplittableRandom(1);
    float[] values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          kernel.type == ElementType.I8
              ? random.nextInt(-128, 128)
              : (float) random.nextDouble(-1, 1);
    }
    return Tensor.from(values, rows, columns).to(kernel.type);
  }

  @TearDown(Level.Trial)
  public void free() {
    if (product != null) {
      product.close();
    }
    input.close();
    weight.close();
    arena.close();
  }

  @Benchmark
  public int linear(Rate rate) {
    rate.gigaOperations += operations;
    if (libtorch) {
      try (TensorScope _ = TensorScope.open()) {
        return (int) input.linear(weight, Optional.empty()).elementCount();
      }
    }
    product.run(ROWS, inputMemory, rowScales, output);
    return output.get(ValueLayout.JAVA_BYTE, 0);
  }
}
