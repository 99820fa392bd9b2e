package org.bitatlas.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bitatlas.kernel.KernelCases.Zeros;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.GridLinear;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Who owns packed weights, what they take, and what a product allocates. */
@Tag("own-jvm")
class DecodeRowsMemoryTest {

  private static final RowKernels VECTOR = new VectorRowKernels();

  @Test
  void weightsLieOnCacheLinesAndTakeWhatTheySay() {
    try (Arena arena = Arena.ofConfined()) {
      GridLinear linear = new KernelCases(31).grid(256, 1024, 4, 128, Zeros.MIDDLE);
      IntegerRows weights = IntegerRows.of(linear, arena);
      assertThat(weights.memory().address() % 64).isZero();
      assertThat(weights.bytes()).isEqualTo(256 * (1024 / 2 + 8 * Float.BYTES));
      assertThat((double) weights.bytes() / (256 * 1024 * 2)).isLessThan(0.28);
      assertThat(weights.layout()).isEqualTo("s4, 8 groups");
    }
  }

  @Test
  void useAfterCloseSaysSo() {
    KernelCases cases = new KernelCases(32);
    GridLinear linear = cases.grid(40, 64, 8, 64, Zeros.MIDDLE);
    ActivationCodes codes = cases.codes(1, 64, -128, 127);
    IntegerProduct integers;
    WeightOnlyProduct floats;
    try (Arena arena = Arena.ofShared()) {
      integers = new IntegerProduct(VECTOR, IntegerRows.of(linear, arena), 1);
      floats = new WeightOnlyProduct(VECTOR, WeightOnlyRows.of(linear, arena), 1);
      integers.begin(codes, new float[40]);
    }
    assertThatThrownBy(() -> integers.begin(codes, new float[40]))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("The packed weights [40 x 64] were used after their arena was closed.");
    assertThatThrownBy(() -> integers.runTile(0, new RowScratch()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("after their arena was closed");
    assertThatThrownBy(() -> floats.begin(new float[64], 0, 1, new float[40]))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("after their arena was closed");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void closedArenasGiveTheirMemoryBack() throws Exception {
    GridLinear linear = new KernelCases(33).grid(4096, 2048, 8, 2048, Zeros.MIDDLE);
    long before = residentKilobytes();
    for (int round = 0; round < 60; round++) {
      try (Arena arena = Arena.ofShared()) {
        assertThat(IntegerRows.of(linear, arena).bytes()).isGreaterThan(8 << 20);
      }
    }
    // 60 times 8 MiB would be 480 MiB.
    assertThat(residentKilobytes() - before).isLessThan(200_000);
  }

  private static long residentKilobytes() throws Exception {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmRSS"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void aProductAllocatesNothing() {
    KernelCases cases = new KernelCases(34);
    int columns = 512;
    try (Arena arena = Arena.ofShared()) {
      GridLinear four = cases.grid(256, columns, 4, 128, Zeros.DRAWN);
      GridLinear eight = cases.grid(256, columns, 8, columns, Zeros.MIDDLE);
      IntegerProduct[] integers = {
        new IntegerProduct(VECTOR, IntegerRows.of(four, arena), 1),
        new IntegerProduct(VECTOR, IntegerRows.of(eight, arena), 1)
      };
      WeightOnlyProduct[] floats = {
        new WeightOnlyProduct(VECTOR, WeightOnlyRows.of(four, arena), 1),
        new WeightOnlyProduct(VECTOR, WeightOnlyRows.of(eight, arena), 1),
        new WeightOnlyProduct(VECTOR, WeightOnlyRows.of(cases.binary(256, columns, 128), arena), 1),
        new WeightOnlyProduct(VECTOR, WeightOnlyRows.of(cases.mixed(256, columns, 64), arena), 1)
      };
      ActivationQuantizer quantizer = ActivationQuantizer.perToken(8, true);
      ActivationCodes codes = new ActivationCodes(1, columns);
      float[] x = cases.floats(columns, 1);
      float[] result = new float[256];
      RowScratch scratch = new RowScratch();
      Runnable work =
          () -> {
            VECTOR.quantize(x, 0, 1, quantizer, codes);
            for (IntegerProduct product : integers) {
              run(product.begin(codes, result), scratch);
            }
            for (WeightOnlyProduct product : floats) {
              run(product.begin(x, 0, 1, result), scratch);
            }
          };
      ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      long allocated = Long.MAX_VALUE;
      // Compilation is not over at a known time: the least of many rounds counts.
      for (int round = 0; round < 60 && allocated > 0; round++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int call = 0; call < 500; call++) {
          work.run();
        }
        allocated = Math.min(allocated, threads.getCurrentThreadAllocatedBytes() - before);
      }
      assertThat(allocated / 500).isZero();
    }
  }

  private static void run(TileTask task, RowScratch scratch) {
    for (int tile = 0; tile < task.tileCount(); tile++) {
      task.runTile(tile, scratch);
    }
  }
}
