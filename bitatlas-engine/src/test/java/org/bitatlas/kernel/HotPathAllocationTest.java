package org.bitatlas.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import org.bitatlas.kernel.KernelCases.Zeros;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What decoding allocates on the Java heap, call by call, when code is warm. */
@Tag("own-jvm")
class HotPathAllocationTest {

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int CALLS = 2_000;

  /** Most rounds of calls: compilation is not over at a known time, so the least round counts. */
  private static final int ROUNDS = 60;

  /**
   * What stray objects of a round may come to, in bytes per call: an object in every call would be
   * at least 16.
   */
  private static final double STRAY = 8;

  /** Java's handles of native memory in a call; the smallest buffer has 2,048 bytes. */
  private static final double HANDLES = 1_280;

  private static final int ROWS = 512;
  private static final int COLUMNS = 512;
  private static final int LAYER_COLUMNS = 2048;
  private static final int LAYER_CALLS = 250;

  private final KernelCases cases = new KernelCases(41);

  @Test
  void productsOnTwoThreadsAllocateNothingOnEither() {
    try (Arena arena = Arena.ofShared();
        KernelThreads threads = new KernelThreads(2)) {
      // Of at least two tiles, so that both threads have work.
      GridLinear eight = cases.grid(512, COLUMNS, 8, COLUMNS, Zeros.MIDDLE);
      GridLinear four = cases.grid(1024, COLUMNS, 4, 128, Zeros.DRAWN);
      RowKernels kernels = RowKernels.selected();
      ActivationCodes codes = new ActivationCodes(2, COLUMNS);
      float[] x = cases.floats(2 * COLUMNS, 1);
      float[] result = new float[2 * 1024];
      IntegerProduct[] integers = {
        new IntegerProduct(kernels, IntegerRows.of(eight, arena), 2),
        new IntegerProduct(kernels, IntegerRows.of(four, arena), 2)
      };
      WeightOnlyProduct[] floats = {
        new WeightOnlyProduct(kernels, WeightOnlyRows.of(eight, arena), 2),
        new WeightOnlyProduct(kernels, WeightOnlyRows.of(four, arena), 2)
      };
      assertThat(integers[0].tileCount()).isGreaterThan(1);
      ActivationQuantizer quantizer = ActivationQuantizer.perToken(8, true);
      double bytes =
          perCall(
              CALLS,
              STRAY,
              () -> {
                kernels.quantize(x, 0, 2, quantizer, codes);
                for (IntegerProduct product : integers) {
                  threads.run(product.begin(codes, result));
                }
                for (WeightOnlyProduct product : floats) {
                  threads.run(product.begin(x, 0, 2, result));
                }
              });
      assertThat(bytes).isLessThan(STRAY);
    }
  }

  @Test
  void aLayerMakesNoBuffersPerCall() {
    GridLinear eight = cases.grid(ROWS, LAYER_COLUMNS, 8, LAYER_COLUMNS, Zeros.MIDDLE);
    GridLinear four = cases.grid(ROWS, LAYER_COLUMNS, 4, 128, Zeros.DRAWN);
    RowKernels kernels = RowKernels.selected();
    ActivationQuantizer quantizer = ActivationQuantizer.perToken(8, true);
    try (KernelThreads threads = new KernelThreads(1);
        TensorScope _ = TensorScope.open()) {
      Tensor x = Tensor.from(cases.floats(LAYER_COLUMNS, 1), 1, LAYER_COLUMNS);
      LinearInput input = new LinearInput(LAYER_COLUMNS, x, kernels);
      double tensor =
          perCall(
              LAYER_CALLS,
              0,
              () -> {
                try (TensorScope _ = TensorScope.open()) {
                  touch(Tensor.empty(ElementType.F32, 1, ROWS));
                }
              });
      for (PackedLinear layer :
          List.of(
              new IntegerLinear(eight, new float[ROWS], quantizer, ElementType.F32, kernels),
              new IntegerLinear(four, new float[0], quantizer, ElementType.F32, kernels),
              new WeightOnlyLinear(four, new float[ROWS], ElementType.F32, kernels),
              new WeightOnlyLinear(
                  cases.binary(ROWS, LAYER_COLUMNS, 128),
                  new float[0],
                  ElementType.F32,
                  kernels))) {
        double bytes =
            perCall(
                LAYER_CALLS,
                tensor + HANDLES,
                () -> {
                  try (TensorScope _ = TensorScope.open()) {
                    LinearInput ready = layer.quantize(input.begin(x), threads);
                    touch(layer.apply(ready, threads));
                  }
                });
        assertThat(bytes - tensor).as(layer.choice(1).toString()).isLessThan(HANDLES);
        layer.close();
      }
    }
  }

  private static void touch(Tensor tensor) {
    if (tensor.memory().byteSize() == 0) {
      throw new AssertionError("an empty tensor");
    }
  }

  /**
   * Bytes that this thread and those of a tile pool allocate in a warm call: of the first round
   * with fewer than enough, or else of the least of all rounds.
   */
  private static double perCall(int calls, double enough, Runnable call) {
    long least = Long.MAX_VALUE;
    for (int round = 0; round < ROUNDS && least >= enough * calls; round++) {
      long[] tiles = tileThreads();
      long before = allocated(tiles);
      for (int i = 0; i < calls; i++) {
        call.run();
      }
      least = Math.min(least, allocated(tiles) - before);
    }
    return (double) least / calls;
  }

  private static long[] tileThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("bitatlas-tiles-"))
        .mapToLong(Thread::threadId)
        .toArray();
  }

  private static long allocated(long[] tiles) {
    return THREADS.getCurrentThreadAllocatedBytes()
        + Arrays.stream(THREADS.getThreadAllocatedBytes(tiles)).filter(bytes -> bytes > 0).sum();
  }
}
