package org.bitatlas.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import org.bitatlas.tensor.AllocatedBytes;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Integer products against plain Java loops, exactly; floating point within rounding. */
class PackedMatmulTest {

  private static final int[] ODD_SIZES = {1, 2, 3, 5, 7, 8, 15, 16, 17, 31, 33, 63, 64, 65, 70};

  private final SplittableRandom random = new SplittableRandom(5);

  @BeforeAll
  static void needsVnni() {
    assumeTrue(OneDnn.exactIntegers(), "oneDNN would saturate 8-bit products on this CPU");
  }

  @Test
  void integersAreExactOverOddSizes() {
    for (int trial = 0; trial < 60; trial++) {
      byte[][] weight = codes(any(ODD_SIZES), any(ODD_SIZES));
      byte[][] input = codes(any(ODD_SIZES), weight[0].length);
      assertThat(product(input, weight)).isEqualTo(expected(input, weight));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1536, 1536",
    "127, 129, 1536",
    "129, 1536, 129",
    "255, 257, 127",
    "256, 256, 64",
    "257, 511, 70",
    "300, 300, 1100",
    "513, 300, 33",
    "300, 1, 1",
    "1, 513, 6144",
    "16, 40, 12800"
  })
  void integersAreExactOverSlicesAndTiles(int m, int n, int k) {
    byte[][] weight = codes(n, k);
    byte[][] input = codes(m, k);
    assertThat(product(input, weight)).isEqualTo(expected(input, weight));
  }

  @ParameterizedTest
  @CsvSource({
    "-128, -128",
    "-128, 127",
    "127, -128",
    "127, 127",
    "-128, 0",
    "0, -128",
    "-1, 127",
    "127, 1"
  })
  void integersAreExactAtTheExtremes(int input, int weight) {
    for (int k : new int[] {1, 2, 3, 4, 63, 64, 1536, 12_800, 131_071}) {
      byte[][] x = constant(3, k, input);
      byte[][] w = constant(17, k, weight);
      for (int[] row : product(x, w)) {
        assertThat(row).as("K = %d", k).containsOnly(k * input * weight);
      }
    }
  }

  /** Sums above 2^24, which single precision cannot tell from their neighbours. */
  @ParameterizedTest
  @ValueSource(ints = {1_100, 1_536, 4_096, 6_144, 8_191, 12_800, 20_000, 27_648, 65_000, 131_071})
  void largeSumsAreExact(int k) {
    byte[][] x = new byte[3][k];
    byte[][] w = new byte[70][k];
    for (byte[][] matrix : new byte[][][] {x, w}) {
      for (byte[] row : matrix) {
        for (int i = 0; i < k; i++) {
          row[i] = (byte) (matrix == w ? random.nextInt(120, 128) : -random.nextInt(120, 129));
        }
      }
    }
    int[][] sums = expected(x, w);
    assertThat(product(x, w)).isEqualTo(sums);
    float[] channel = floats(70);
    MatmulWeight weight = MatmulWeight.codes(flat(w), 70, k).withChannelScales(channel);
    assertThat(run(weight, Optional.empty(), x))
        .isEqualTo(floats(sums, (r, c) -> sums[r][c] * channel[c]));
  }

  @Test
  void alternatingExtremesDoNotSaturate() {
    byte[][] x = constant(5, 4096, 127);
    byte[][] w = constant(70, 4096, -128);
    for (byte[] row : w) {
      for (int k = 2; k < row.length; k += 4) {
        row[k] = 127;
        row[k + 1] = 127;
      }
    }
    assertThat(product(x, w)).isEqualTo(expected(x, w));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 37, 255, 256, 300})
  void scalesAreAppliedInSinglePrecisionInTheStatedOrder(int m) {
    int n = 300;
    int k = 200;
    byte[][] x = codes(m, k);
    byte[][] w = codes(n, k);
    float[] channel = floats(n);
    float[] bias = floats(n);
    float[] row = floats(m);
    int[][] sums = expected(x, w);
    MatmulWeight weight = MatmulWeight.codes(flat(w), n, k);

    assertThat(run(weight.withChannelScales(channel), Optional.empty(), x))
        .isEqualTo(floats(sums, (r, c) -> sums[r][c] * channel[c]));
    assertThat(run(weight.withChannelScales(channel), Optional.of(row), x))
        .isEqualTo(floats(sums, (r, c) -> sums[r][c] * channel[c] * row[r]));
    // A fused multiply-add rounds once where Java rounds twice.
    assertClose(
        run(weight.withChannelScales(channel).withBias(bias), Optional.of(row), x),
        floats(sums, (r, c) -> (sums[r][c] * channel[c] + bias[c]) * row[r]),
        1e-6);
  }

  @ParameterizedTest
  @EnumSource(names = {"BF16", "F32"})
  void floatsAgreeWithDoublePrecision(ElementType type) {
    assumeTrue(type == ElementType.F32 || OneDnn.multipliesBf16());
    try (TensorScope _ = TensorScope.open()) {
      for (int trial = 0; trial < 40; trial++) {
        int m = trial == 0 ? 259 : any(ODD_SIZES);
        int n = trial == 1 ? 1537 : trial == 0 ? 259 : any(ODD_SIZES);
        int k = trial == 1 ? 1536 : any(ODD_SIZES);
        Tensor x = Tensor.from(floats(m * k), m, k).to(type);
        Tensor w = Tensor.from(floats(n * k), n, k).to(type);
        float[] bias = floats(n);
        double[] expected =
            x.to(ElementType.F64)
                .linear(
                    w.to(ElementType.F64), Optional.of(Tensor.from(bias, n).to(ElementType.F64)))
                .toDoubles();
        Tensor y = Tensor.empty(ElementType.F32, m, n);
        try (PackedMatmul product =
            PackedMatmul.pack(
                MatmulWeight.of(type, w.memory(), n, k).withBias(bias), ElementType.F32, false)) {
          product.run(x, Optional.empty(), y, PackedMatmulTest::inOrder);
        }
        float[] actual = y.toFloats();
        for (int i = 0; i < actual.length; i++) {
          assertThat((double) actual[i]).isCloseTo(expected[i], within(2e-6 * k));
        }
      }
    }
  }

  @Test
  void halfPrecisionOutputIsTheRoundedSum() {
    assumeTrue(OneDnn.multipliesBf16());
    try (TensorScope _ = TensorScope.open()) {
      Tensor x = Tensor.from(floats(40 * 64), 40, 64).to(ElementType.BF16);
      Tensor w = Tensor.from(floats(300 * 64), 300, 64).to(ElementType.BF16);
      Tensor single = Tensor.empty(ElementType.F32, 40, 300);
      Tensor half = Tensor.empty(ElementType.BF16, 40, 300);
      for (Tensor y : List.of(single, half)) {
        MatmulWeight weight = MatmulWeight.of(ElementType.BF16, w.memory(), 300, 64);
        try (PackedMatmul product = PackedMatmul.pack(weight, y.elementType(), false)) {
          product.run(x, Optional.empty(), y, PackedMatmulTest::inOrder);
        }
      }
      assertThat(half.toFloats()).isEqualTo(single.to(ElementType.BF16).toFloats());
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"I8", "BF16", "F32"})
  void bytesDoNotDependOnTheOrderOrTheNumberOfThreads(ElementType type) {
    assumeTrue(type != ElementType.BF16 || OneDnn.multipliesBf16());
    try (TensorScope _ = TensorScope.open()) {
      Tensor x = Tensor.from(floats(700 * 129), 700, 129).mul(9).to(type);
      Tensor w = Tensor.from(floats(1300 * 129), 1300, 129).mul(9).to(type);
      float[] bias = floats(1300);
      MatmulWeight weight =
          MatmulWeight.of(type, w.memory(), 1300, 129).withBias(bias).withChannelScales(bias);
      try (PackedMatmul product = PackedMatmul.pack(weight, ElementType.F32, false)) {
        assertThat(product.tileCount(700)).isEqualTo(3 * 6);
        byte[] inOrder = bytes(product, x, PackedMatmulTest::inOrder);
        assertThat(bytes(product, x, PackedMatmulTest::backwards)).isEqualTo(inOrder);
        for (int threads = 2; threads <= 5; threads++) {
          int count = threads;
          assertThat(bytes(product, x, (tiles, tile) -> onThreads(count, tiles, tile)))
              .isEqualTo(inOrder);
        }
      }
    }
  }

  @Test
  void manyThreadsWithManyProductsAndNumbersOfRows() {
    byte[][] w = codes(515, 70);
    byte[][] x = codes(300, 70);
    int[][] expected = expected(x, w);
    try (PackedMatmul product =
        PackedMatmul.pack(MatmulWeight.codes(flat(w), 515, 70), ElementType.I32, false)) {
      onThreads(
          6,
          120,
          trial -> {
            int rows = 1 + trial * 37 % 300;
            int[][] actual = product(product, Arrays.copyOf(x, rows));
            assertThat(actual).isEqualTo(Arrays.copyOf(expected, rows));
          });
    }
  }

  @Test
  void threadsOfTheCallerKeepTheirOpenMpSetting() {
    int before = OneDnnThreads.limit();
    OneDnnThreads.setLimit(3);
    try {
      product(codes(4, 64), codes(8, 64));
      assertThat(OneDnnThreads.limit()).isEqualTo(3);
    } finally {
      OneDnnThreads.setLimit(before);
    }
  }

  @Test
  void compilesAFewPrimitivesPerShape() {
    MatmulShape shape =
        new MatmulShape(ElementType.I8, ElementType.I32, 19, 21, 19, false, false, false);
    byte[][] w = codes(19, 21);
    try (PackedMatmul product =
        PackedMatmul.pack(MatmulWeight.codes(flat(w), 19, 21), ElementType.I32, false)) {
      for (int rows = 1; rows <= 256; rows++) {
        byte[][] x = codes(rows, 21);
        assertThat(product(product, x)).isEqualTo(expected(x, w));
      }
      MatmulKernel kernel = MatmulKernel.acquire(shape);
      assertThat(kernel.compiled()).isEqualTo(20);
      kernel.release();
    }
  }

  @Test
  void givesBackItsMemory() {
    byte[] w = flat(codes(1100, 512));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment x = arena.allocate(300 * 512);
      MemorySegment y = arena.allocate(300L * 1100 * Float.BYTES, 64);
      long after = 0;
      for (int cycle = 0; cycle < 300; cycle++) {
        if (cycle == 100) {
          after = AllocatedBytes.now();
        }
        MatmulWeight weight = MatmulWeight.codes(w, 1100, 512).withChannelScales(new float[1100]);
        try (PackedMatmul product = PackedMatmul.pack(weight, ElementType.F32, false)) {
          product.run(1 + cycle % 7 * 43, x, MemorySegment.NULL, y);
        }
      }
      // One packed weight is 0.56 MB, so 200 lost ones would be 112 MB.
      assertThat(AllocatedBytes.now() - after).isLessThan(4L << 20);
    }
  }

  @Test
  void executesWithoutAllocatingOnTheHeap() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    byte[] w = flat(codes(300, 1100));
    try (Arena arena = Arena.ofConfined();
        PackedMatmul product =
            PackedMatmul.pack(MatmulWeight.codes(w, 300, 1100), ElementType.I32, false)) {
      MemorySegment x = arena.allocate(9 * 1100);
      MemorySegment y = arena.allocate(9L * 300 * Integer.BYTES, 64);
      product.run(9, x, MemorySegment.NULL, y);
      // Code the compiler has not reached yet may allocate what it later removes, and on a busy
      // machine it arrives late; one round without allocation shows that a call needs none.
      long fewest = Long.MAX_VALUE;
      for (int round = 0; round < 100 && fewest >= 1000; round++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 1000; i++) {
          product.run(9, x, MemorySegment.NULL, y);
        }
        fewest = Math.min(fewest, threads.getCurrentThreadAllocatedBytes() - before);
      }
      assertThat(fewest).as("bytes of 1000 calls").isLessThan(1000);
    }
  }

  @Test
  void refusesTheReferenceLoop() {
    MatmulWeight weight =
        MatmulWeight.of(ElementType.F32, MemorySegment.ofArray(new float[12 * 16]), 12, 16);
    assertThatThrownBy(() -> PackedMatmul.pack(weight, ElementType.BF16, false))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("matrix product F32 [256 x 16] x F32 [12 x 16] -> BF16")
        .hasMessageContaining("ref:any");
  }

  @Test
  void namesItsKernel() {
    try (PackedMatmul product =
        PackedMatmul.pack(
            MatmulWeight.codes(flat(codes(300, 64)), 300, 64), ElementType.I32, false)) {
      assertThat(product.implementation()).startsWith("brg_matmul:");
      assertThat(product.packedBytes()).isBetween(300L * 64, 400L * 64);
    }
  }

  @Test
  void refusesMemoryThatIsTooSmallOrOnTheHeap() {
    try (Arena arena = Arena.ofConfined();
        PackedMatmul product =
            PackedMatmul.pack(
                MatmulWeight.codes(flat(codes(8, 16)), 8, 16), ElementType.I32, false)) {
      MemorySegment x = arena.allocate(2 * 16);
      MemorySegment y = arena.allocate(2 * 8 * Integer.BYTES, 4);
      assertThatThrownBy(() -> product.run(3, x, MemorySegment.NULL, y))
          .hasMessageContaining("X needs 48 bytes");
      assertThatThrownBy(
              () -> product.run(2, MemorySegment.ofArray(new byte[32]), MemorySegment.NULL, y))
          .hasMessageContaining("off the heap");
      product.close();
      assertThatThrownBy(() -> product.run(2, x, MemorySegment.NULL, y))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  // ---- products

  private static int[][] product(byte[][] input, byte[][] weight) {
    MatmulWeight codes = MatmulWeight.codes(flat(weight), weight.length, weight[0].length);
    try (PackedMatmul product = PackedMatmul.pack(codes, ElementType.I32, false)) {
      return product(product, input);
    }
  }

  private static int[][] product(PackedMatmul product, byte[][] input) {
    int n = product.outputFeatures();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment x = arena.allocateFrom(ValueLayout.JAVA_BYTE, flat(input));
      MemorySegment y = arena.allocate((long) input.length * n * Integer.BYTES, 4);
      product.run(input.length, x, MemorySegment.NULL, y);
      int[] values = y.toArray(ValueLayout.JAVA_INT);
      int[][] rows = new int[input.length][];
      for (int row = 0; row < rows.length; row++) {
        rows[row] = Arrays.copyOfRange(values, row * n, (row + 1) * n);
      }
      return rows;
    }
  }

  private static float[] run(MatmulWeight weight, Optional<float[]> rowScales, byte[][] input) {
    try (Arena arena = Arena.ofConfined();
        PackedMatmul product = PackedMatmul.pack(weight, ElementType.F32, rowScales.isPresent())) {
      MemorySegment x = arena.allocateFrom(ValueLayout.JAVA_BYTE, flat(input));
      MemorySegment y =
          arena.allocate((long) input.length * weight.outputFeatures() * Float.BYTES, 4);
      MemorySegment scales =
          rowScales
              .map(values -> arena.allocateFrom(ValueLayout.JAVA_FLOAT, values))
              .orElse(MemorySegment.NULL);
      product.run(input.length, x, scales, y);
      return y.toArray(ValueLayout.JAVA_FLOAT);
    }
  }

  private static byte[] bytes(PackedMatmul product, Tensor x, PackedMatmul.TileRunner runner) {
    try (TensorScope _ = TensorScope.open()) {
      Tensor y = Tensor.zeros(product.outputType(), x.size(0), product.outputFeatures());
      product.run(x, Optional.empty(), y, runner);
      return y.memory().toArray(ValueLayout.JAVA_BYTE);
    }
  }

  private static int[][] expected(byte[][] input, byte[][] weight) {
    int[][] sums = new int[input.length][weight.length];
    for (int row = 0; row < input.length; row++) {
      for (int column = 0; column < weight.length; column++) {
        int sum = 0;
        for (int k = 0; k < input[row].length; k++) {
          sum += input[row][k] * weight[column][k];
        }
        sums[row][column] = sum;
      }
    }
    return sums;
  }

  // ---- tiles

  private static void inOrder(int count, IntConsumer tile) {
    for (int i = 0; i < count; i++) {
      tile.accept(i);
    }
  }

  private static void backwards(int count, IntConsumer tile) {
    for (int i = count - 1; i >= 0; i--) {
      tile.accept(i);
    }
  }

  private static void onThreads(int threads, int count, IntConsumer tile) {
    AtomicInteger next = new AtomicInteger();
    List<Throwable> failures = new ArrayList<>();
    List<Thread> workers = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      workers.add(
          Thread.ofPlatform()
              .start(() -> {
                try {
                  for (int t = next.getAndIncrement(); t < count; t = next.getAndIncrement()) {
                    tile.accept(t);
                  }
                } catch (Throwable failure) {
                  synchronized (failures) {
                    failures.add(failure);
                  }
                }
              }));
    }
    for (Thread worker : workers) {
      try {
        worker.join();
      } catch (InterruptedException stop) {
        throw new AssertionError(stop);
      }
    }
    assertThat(failures).isEmpty();
  }

  // ---- data

  private interface Entry {
    float at(int row, int column);
  }

  private static float[] floats(int[][] like, Entry entry) {
    float[] values = new float[like.length * like[0].length];
    for (int i = 0; i < values.length; i++) {
      values[i] = entry.at(i / like[0].length, i % like[0].length);
    }
    return values;
  }

  private static void assertClose(float[] actual, float[] expected, double relative) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < actual.length; i++) {
      assertThat(actual[i])
          .isCloseTo(expected[i], within((float) (relative * (1 + Math.abs(expected[i])))));
    }
  }

  private int any(int[] sizes) {
    return sizes[random.nextInt(sizes.length)];
  }

  private byte[][] codes(int rows, int k) {
    byte[][] codes = new byte[rows][k];
    for (byte[] row : codes) {
      random.nextBytes(row);
    }
    return codes;
  }

  private static byte[][] constant(int rows, int k, int value) {
    byte[][] codes = new byte[rows][k];
    for (byte[] row : codes) {
      Arrays.fill(row, (byte) value);
    }
    return codes;
  }

  private static byte[] flat(byte[][] rows) {
    byte[] all = new byte[rows.length * rows[0].length];
    for (int row = 0; row < rows.length; row++) {
      System.arraycopy(rows[row], 0, all, row * rows[0].length, rows[0].length);
    }
    return all;
  }

  private float[] floats(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextDouble(-1, 1);
    }
    return values;
  }
}
