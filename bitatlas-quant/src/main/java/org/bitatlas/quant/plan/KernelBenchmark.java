package org.bitatlas.quant.plan;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.IntConsumer;
import org.bitatlas.model.Architecture;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.rounding.ColumnSweep;
import org.bitatlas.quant.rounding.InverseFactor;
import org.bitatlas.quant.rounding.Tiles;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.NativeRuntime;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * Measures {@link KernelRates} at a model's shapes in a few seconds, with the kernels and the tiles
 * the pipeline uses: the best of several runs, so what other programs take is mostly left out.
 */
public final class KernelBenchmark {

  private static final double SECONDS = 0.2;
  private static final double PRODUCT_OPERATIONS = 2e10;
  private static final int PANEL = 256;
  private static final int FACTOR_SIZE = 2048;
  private static final int SWEEP_ROWS = 64;
  private static final int DISK_BYTES = 32 << 20;

  private final Architecture architecture;
  private final int length;
  private final int threads;
  private final Tiles tiles;
  private double processorSeconds;
  private double seconds;

  private KernelBenchmark(Architecture architecture, int length, int threads, Tiles tiles) {
    this.architecture = architecture;
    this.length = Math.min(length, 2048);
    this.threads = threads;
    this.tiles = tiles;
  }

  /**
   * Measures.
   *
   * @param architecture whose shapes are taken
   * @param length tokens of a calibration sequence
   * @param threads threads that work
   * @param folder where a temporary file is written
   * @throws BitAtlasException when the folder cannot be written to
   */
  public static KernelRates measure(
      Architecture architecture, int length, int threads, Path folder) {
    NativeRuntime.useSingleThread();
    try (Tiles tiles = new Tiles(threads);
        TensorScope _ = TensorScope.open()) {
      KernelBenchmark benchmark = new KernelBenchmark(architecture, length, threads, tiles);
      Map<Kernel, Double> rates = new EnumMap<>(Kernel.class);
      rates.put(Kernel.PRODUCT, benchmark.product());
      rates.put(Kernel.GRAM, benchmark.gram());
      rates.put(Kernel.ATTENTION, benchmark.attention());
      rates.put(Kernel.POINTWISE, benchmark.pointwise());
      rates.put(Kernel.CHOLESKY, benchmark.cholesky());
      rates.put(Kernel.SWEEP, benchmark.sweep());
      rates.put(Kernel.GRID, benchmark.grid());
      rates.put(Kernel.DISK, disk(folder));
      return new KernelRates(threads, benchmark.share(), rates);
    }
  }

  /** Amount per second of tiles that all threads work on. */
  private double rate(double amountOfTile, IntConsumer tile) {
    long processor = processorTime();
    long start = System.nanoTime();
    double rate = best(threads * amountOfTile, SECONDS, () -> tiles.forEach(threads, tile));
    processorSeconds += (processorTime() - processor) * 1e-9;
    seconds += (System.nanoTime() - start) * 1e-9;
    return rate;
  }

  /** Processor time of this process in nanoseconds; of the whole JVM, compilers included. */
  private static long processorTime() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean system
        ? system.getProcessCpuTime()
        : 0;
  }

  private double share() {
    return processorSeconds <= 0 ? 1 : Math.min(1, processorSeconds / (threads * seconds));
  }

  /** Gate and up of as many tokens as stay in the time. */
  private double product() {
    long columns = architecture.hiddenSize();
    long rows = 2L * architecture.intermediateSize();
    long tokens = Math.clamp((long) (PRODUCT_OPERATIONS / (2.0 * columns * rows)), 64, 2048);
    Tensor weight = Tensor.zeros(ElementType.F32, rows, columns);
    Tensor input = Tensor.zeros(ElementType.F32, tokens, columns);
    return rate(2.0 * tokens * columns * rows, _ -> scoped(() -> input.linear(weight, none())));
  }

  private static Optional<Tensor> none() {
    return Optional.empty();
  }

  private static void scoped(Runnable operation) {
    NativeRuntime.useSingleThread();
    try (TensorScope _ = TensorScope.open()) {
      operation.run();
    }
  }

  /** The first panel of a batch of down's inputs, added as the pipeline adds it. */
  private double gram() {
    int columns = architecture.intermediateSize();
    int rows = Math.min(PANEL, columns);
    Tensor input = Tensor.zeros(ElementType.F32, 2048, columns);
    double[] sum = new double[rows * columns];
    return rate(
        2.0 * 2048 * rows * columns,
        tile ->
            scoped(() -> {
              float[] panel = input.narrow(1, 0, rows).transpose(0, 1).matmul(input).toFloats();
              if (tile == 0) {
                for (int i = 0; i < panel.length; i++) {
                  sum[i] += panel[i];
                }
              }
            }));
  }

  private double attention() {
    long heads = architecture.heads();
    long width = architecture.headDimension();
    Tensor query = Tensor.zeros(ElementType.F32, 1, heads, length, width);
    return rate(
        2.0 * length * (length + 1.0) * heads * width,
        _ -> scoped(() -> query.scaledDotProductAttention(query, query, Optional.empty(), true)));
  }

  /** SwiGLU of a batch: two passes. */
  private double pointwise() {
    long width = architecture.intermediateSize();
    Tensor input = Tensor.zeros(ElementType.F32, 2048, width);
    return rate(2.0 * 2048 * width, _ -> scoped(() -> input.silu().mulInPlace(input)));
  }

  private double cholesky() {
    double[] hessian = new double[FACTOR_SIZE * FACTOR_SIZE];
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < FACTOR_SIZE; i++) {
      for (int j = 0; j < i; j++) {
        hessian[i * FACTOR_SIZE + j] = random.nextDouble();
        hessian[j * FACTOR_SIZE + i] = hessian[i * FACTOR_SIZE + j];
      }
      hessian[i * FACTOR_SIZE + i] = FACTOR_SIZE;
    }
    return alone(
        2.0 / 3 * Math.pow(FACTOR_SIZE, 3),
        () -> InverseFactor.of(hessian, FACTOR_SIZE, 0.01, false, "benchmark", tiles));
  }

  private double sweep() {
    int columns = Math.min(architecture.hiddenSize(), 4096);
    InverseFactor factor = InverseFactor.identity(columns);
    int rows = SWEEP_ROWS * threads;
    float[] weight = weights(rows * columns);
    return alone(
        (double) rows * columns * columns,
        () ->
            ColumnSweep.round(
                weight, rows, columns, Recipe.gptq(4, 0), Optional.of(factor), tiles));
  }

  private double grid() {
    int columns = architecture.hiddenSize();
    int rows = SWEEP_ROWS * threads;
    float[] weight = weights(rows * columns);
    return alone(
        (double) rows * columns,
        () ->
            ColumnSweep.round(weight, rows, columns, Recipe.rtn(4, 128), Optional.empty(), tiles));
  }

  private static float[] weights(int count) {
    SplittableRandom random = new SplittableRandom(2);
    float[] weights = new float[count];
    for (int i = 0; i < count; i++) {
      weights[i] = (float) (random.nextDouble() - 0.5);
    }
    return weights;
  }

  /** Java code is compiled while it runs, which takes longer than a native kernel's first run. */
  private static double alone(double amount, Runnable operation) {
    return best(amount, 4 * SECONDS, operation);
  }

  /** The best of several runs: what the machine does when nothing else disturbs it. */
  private static double best(double amount, double atLeast, Runnable operation) {
    double best = 0;
    double total = 0;
    for (int run = 0; run < 3 || total < atLeast; run++) {
      long start = System.nanoTime();
      operation.run();
      double seconds = (System.nanoTime() - start) * 1e-9;
      total += seconds;
      best = Math.max(best, amount / seconds);
    }
    return best;
  }

  private static double disk(Path folder) {
    try {
      Path file = Files.createTempFile(folder, "bitatlas", ".tmp");
      try (FileChannel channel =
          FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
        ByteBuffer bytes = ByteBuffer.allocateDirect(DISK_BYTES);
        long start = System.nanoTime();
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
        channel.force(false);
        return DISK_BYTES / ((System.nanoTime() - start) * 1e-9);
      } finally {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new BitAtlasException(
          "A temporary file cannot be written to " + folder + ": " + e + ".", e);
    }
  }
}
