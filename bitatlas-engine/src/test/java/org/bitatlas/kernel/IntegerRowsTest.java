package org.bitatlas.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bitatlas.kernel.KernelCases.Zeros;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Integer products: exact against plain loops over the stored layer, in both providers. */
class IntegerRowsTest {

  static final RowKernels SCALAR = new ScalarRowKernels();
  static final RowKernels VECTOR = new VectorRowKernels();

  private static Stream<Integer> sizes() {
    return Stream.concat(
        IntStream.rangeClosed(1, 70).boxed(), Stream.of(127, 128, 129, 1000, 1537));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 8})
  void sumsAreExactForEveryWidth(int bits) {
    KernelCases cases = new KernelCases(bits);
    sizes().forEach(k -> checkSums(cases.grid(33, k, bits, k, Zeros.MIDDLE), cases, -128, 127));
    sizes()
        .forEach(n -> checkSums(cases.grid(n % 71 + 1, n, bits, n, Zeros.DRAWN), cases, -128, 127));
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 8})
  void sumsOfGroupsAreExact(int bits) {
    KernelCases cases = new KernelCases(bits);
    for (int group : new int[] {1, 3, 4, 5, 16, 32, 33, 64, 128}) {
      checkSums(cases.grid(40, 129, bits, Math.min(group, 129), Zeros.MIDDLE), cases, -128, 127);
      checkSums(cases.grid(7, 300, bits, group, Zeros.DRAWN), cases, -128, 127);
      checkSums(cases.actOrder(cases.grid(35, 300, bits, group, Zeros.DRAWN)), cases, -128, 127);
    }
  }

  @ParameterizedTest
  @EnumSource(Zeros.class)
  void extremeValuesDoNotOverflow(Zeros zeros) {
    for (int bits : new int[] {4, 8}) {
      for (int fill : new int[] {0, (1 << bits) - 1}) {
        GridLinear drawn = new KernelCases(1).grid(32, 2048, bits, 2048, zeros);
        byte[] codes = new byte[32 * 2048];
        Arrays.fill(codes, (byte) fill);
        GridLinear constant =
            GridLinear.of(
                32,
                2048,
                bits,
                2048,
                false,
                codes,
                drawn.scales(),
                drawn.zeroPoints(),
                Optional.empty());
        for (int code : new int[] {-128, 127, -8, 7}) {
          checkSums(constant, new KernelCases(2), code, code);
        }
        for (int code : new int[] {-255, 255, 128}) {
          checkSums(constant, new KernelCases(2), code, code);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 8})
  void activationsOfAnAsymmetricGridAreExact(int bits) {
    KernelCases cases = new KernelCases(3);
    sizes().forEach(k -> checkSums(cases.grid(9, k, bits, k, Zeros.DRAWN), cases, -255, 255));
  }

  @Test
  void resultsAreTheBitsOfTheDefinition() {
    KernelCases cases = new KernelCases(4);
    for (int bits : new int[] {4, 8}) {
      for (int group : new int[] {32, 128, 200}) {
        for (int rows = 1; rows <= 4; rows++) {
          GridLinear linear = cases.grid(70, 200, bits, group, Zeros.DRAWN);
          ActivationCodes codes = cases.codes(rows, 200, -128, 127);
          float[] expected = expected(linear, codes);
          assertThat(multiply(SCALAR, linear, codes)).containsExactly(expected);
          assertThat(multiply(VECTOR, linear, codes)).containsExactly(expected);
        }
      }
    }
  }

  @Test
  void compiledCodeGivesTheBitsOfInterpretedCode() {
    KernelCases cases = new KernelCases(5);
    GridLinear linear = cases.grid(64, 384, 4, 128, Zeros.DRAWN);
    ActivationCodes codes = cases.codes(1, 384, -128, 127);
    float[] expected = expected(linear, codes);
    try (Arena arena = Arena.ofConfined()) {
      IntegerRows weights = IntegerRows.of(linear, arena);
      IntegerProduct product = new IntegerProduct(VECTOR, weights, 1);
      float[] result = new float[64];
      RowScratch scratch = new RowScratch();
      for (int round = 0; round < 30_000; round++) {
        product.begin(codes, result);
        for (int tile = 0; tile < product.tileCount(); tile++) {
          product.runTile(tile, scratch);
        }
        if (round % 1000 == 0 || round < 10) {
          assertThat(result).containsExactly(expected);
        }
      }
    }
  }

  @Test
  void bothProvidersNarrowTheSame() {
    for (int count : new int[] {0, 1, 15, 16, 31, 32, 33, 64, 100, 1536}) {
      ActivationCodes codes = new KernelCases(8).codes(1, count + 3, -255, 255);
      for (int shift : new int[] {0, -127, 128}) {
        byte[] scalar = new byte[count + 1];
        byte[] vector = new byte[count + 1];
        SCALAR.narrow(codes.codes(), 3, count, shift, scalar);
        VECTOR.narrow(codes.codes(), 3, count, shift, vector);
        assertThat(vector).isEqualTo(scalar);
      }
    }
  }

  @Test
  void refusesTooManyColumnsForItsSums() {
    KernelCases cases = new KernelCases(6);
    GridLinear linear = cases.grid(1, 32769, 8, 32769, Zeros.MIDDLE);
    assertThatThrownBy(() -> IntegerRows.of(linear, Arena.global()))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("32769 input features");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 8})
  void unpackedBytesAreTheCodesLessTheirZeroPoints(int bits) {
    KernelCases cases = new KernelCases(7);
    for (Zeros zeros : Zeros.values()) {
      for (int k : new int[] {1, 2, 3, 4, 5, 63, 64, 65, 200, 600}) {
        checkUnpacked(cases.grid(37, k, bits, k, zeros), new BlockedBytes(64, up(k, 4), 16, false));
        checkUnpacked(cases.grid(64, k, bits, k, zeros), new BlockedBytes(64, up(k, 64), 64, true));
        GridLinear groups = cases.actOrder(cases.grid(70, k, bits, Math.min(k, 32), zeros));
        checkUnpacked(groups, new BlockedBytes(96, up(k, 64), 48, false));
      }
    }
  }

  private static int up(int count, int step) {
    return Math.ceilDiv(count, step) * step;
  }

  /** Bytes wrap where a code less its zero point is none; layers do not unpack such codes. */
  private static void checkUnpacked(GridLinear linear, BlockedBytes layout) {
    try (Arena arena = Arena.ofConfined()) {
      IntegerRows weights = IntegerRows.of(linear, arena);
      ColumnGroups groups = weights.groups();
      for (int group = 0; group < groups.count(); group++) {
        byte[] expected = new byte[layout.features() * layout.depth()];
        int[] expectedSums = new int[layout.features()];
        for (int n = 0; n < linear.outputFeatures(); n++) {
          int zero = linear.zeroPoints()[n * groups.count() + group] & 0xFF;
          for (int p = 0; p < groups.width(group); p++) {
            int code = linear.code(n, groups.column(groups.start(group) + p)) - zero;
            int at = (int) (layout.offset(n) + p / 4 * layout.stride() + p % 4);
            expected[at] = (byte) code;
            expectedSums[n] += code;
          }
        }
        for (RowKernels kernels : List.of(SCALAR, VECTOR)) {
          MemorySegment target = arena.allocate(expected.length, 64).fill((byte) 77);
          int[] sums = new int[layout.features()];
          for (int n = 0; n < up(linear.outputFeatures(), 32); n += 16) {
            int half = n / 16 % 2;
            long at = layout.offset(n);
            kernels.unpack(weights, n / 32, half, group, target, at, layout, sums, n);
          }
          int rows = up(linear.outputFeatures(), 32);
          for (int n = 0; n < rows; n++) {
            for (int p = 0; p < layout.depth(); p++) {
              int at = (int) (layout.offset(n) + p / 4 * layout.stride() + p % 4);
              assertThat(target.get(ValueLayout.JAVA_BYTE, at)).isEqualTo(expected[at]);
            }
          }
          if (ByteWeights.fit(linear)) {
            assertThat(sums).isEqualTo(expectedSums);
          }
        }
      }
    }
  }

  private static void checkSums(GridLinear linear, KernelCases cases, int least, int greatest) {
    ActivationCodes codes = cases.codes(2, linear.inputFeatures(), least, greatest);
    try (Arena arena = Arena.ofConfined()) {
      IntegerRows weights = IntegerRows.of(linear, arena);
      ColumnGroups groups = weights.groups();
      int stride = ActivationCodes.stride(linear.inputFeatures());
      short[] ordered = codes.codes().clone();
      for (int row = 0; row < 2; row++) {
        for (int k = 0; k < linear.inputFeatures(); k++) {
          ordered[row * stride + k] = (short) codes.code(row, groups.column(k));
        }
      }
      for (int panel = 0; panel < Panels.count(linear.outputFeatures()); panel++) {
        int[] scalar = new int[2 * groups.count() * Panels.ROWS];
        int[] vector = new int[scalar.length];
        SCALAR.integerSums(weights, panel, ordered, 2, codes.wide(), scalar);
        VECTOR.integerSums(weights, panel, ordered, 2, codes.wide(), vector);
        int[] expected = expectedSums(linear, codes, panel);
        assertThat(scalar).as("%s", linear).isEqualTo(expected);
        assertThat(vector).as("%s", linear).isEqualTo(expected);
      }
    }
  }

  private static int[] expectedSums(GridLinear linear, ActivationCodes codes, int panel) {
    int[] sums = new int[2 * linear.groups() * Panels.ROWS];
    for (int row = 0; row < 2; row++) {
      for (int lane = 0; lane < Panels.ROWS; lane++) {
        int n = panel * Panels.ROWS + lane;
        for (int k = 0; k < linear.inputFeatures() && n < linear.outputFeatures(); k++) {
          int code = linear.code(n, k) - (1 << (linear.bits() - 1));
          sums[(row * linear.groups() + linear.group(k)) * Panels.ROWS + lane] +=
              code * codes.code(row, k);
        }
      }
    }
    return sums;
  }

  static float[] expected(GridLinear linear, ActivationCodes codes) {
    int rows = linear.outputFeatures();
    float[] result = new float[codes.rows() * rows];
    for (int m = 0; m < codes.rows(); m++) {
      for (int n = 0; n < rows; n++) {
        int[] sums = new int[linear.groups()];
        for (int k = 0; k < linear.inputFeatures(); k++) {
          int zero = linear.zeroPoints()[n * linear.groups() + linear.group(k)] & 0xFF;
          sums[linear.group(k)] += (linear.code(n, k) - zero) * codes.code(m, k);
        }
        float value = 0;
        for (int group = 0; group < sums.length; group++) {
          value = Math.fma(linear.scales()[n * linear.groups() + group], sums[group], value);
        }
        result[m * rows + n] = value * codes.scale(m);
      }
    }
    return result;
  }

  static float[] multiply(RowKernels kernels, GridLinear linear, ActivationCodes codes) {
    try (Arena arena = Arena.ofShared();
        TilePool pool = new TilePool(2)) {
      IntegerProduct product =
          new IntegerProduct(kernels, IntegerRows.of(linear, arena), codes.rows());
      float[] result = new float[codes.rows() * linear.outputFeatures()];
      pool.run(product.begin(codes, result));
      return result;
    }
  }
}
