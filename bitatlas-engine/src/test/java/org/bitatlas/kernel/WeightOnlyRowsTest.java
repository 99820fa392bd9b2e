package org.bitatlas.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bitatlas.kernel.KernelCases.Zeros;
import org.bitatlas.scheme.FloatLinear;
import org.bitatlas.scheme.StoredLinear;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Products of float activations: both providers give the same bits, and those are the product with
 * the dequantized weight but for rounding.
 */
class WeightOnlyRowsTest {

  private static final RowKernels SCALAR = new ScalarRowKernels();
  private static final RowKernels VECTOR = new VectorRowKernels();

  private static IntStream sizes() {
    return IntStream.concat(IntStream.rangeClosed(1, 70), IntStream.of(127, 128, 129, 1000));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 8})
  void gridsOfEveryWidth(int bits) {
    KernelCases cases = new KernelCases(bits);
    sizes()
        .forEach(k -> {
          check(cases, cases.grid(33, k, bits, k, Zeros.MIDDLE));
          check(cases, cases.grid(k % 40 + 1, k, bits, Math.min(k, 32), Zeros.DRAWN));
        });
    for (int group : new int[] {1, 3, 5, 64, 128}) {
      check(cases, cases.grid(31, 300, bits, group, Zeros.GREATEST));
      check(cases, cases.actOrder(cases.grid(65, 300, bits, group, Zeros.DRAWN)));
    }
  }

  @Test
  void groupsOfTheirOwnWidths() {
    KernelCases cases = new KernelCases(11);
    sizes().forEach(k -> check(cases, cases.mixed(34, k, Math.min(k, 16))));
    check(cases, cases.mixed(70, 1000, 128));
  }

  @Test
  void binarizedBlocks() {
    KernelCases cases = new KernelCases(12);
    sizes().forEach(k -> check(cases, cases.binary(35, k, Math.min(k, 24))));
    check(cases, cases.binary(70, 1000, 128));
  }

  @Test
  void floatWeights() {
    KernelCases cases = new KernelCases(13);
    sizes().forEach(k -> check(cases, cases.floatLinear(33, k)));
    sizes().forEach(n -> check(cases, cases.floatLinear(n, 67)));
  }

  @Test
  void brainFloatWeights() {
    KernelCases cases = new KernelCases(14);
    sizes()
        .forEach(k -> {
          try (Arena arena = Arena.ofConfined()) {
            var bits = cases.brainFloats(37, k, arena);
            float[] values = new float[37 * k];
            for (int i = 0; i < values.length; i++) {
              values[i] = Float.intBitsToFloat(bits.getAtIndex(Panels.HALF, i) << 16);
            }
            check(
                cases,
                new FloatLinear(37, k, values),
                owner -> FloatRows.brainFloat(37, k, bits, owner));
          }
        });
  }

  static Stream<StoredLinear> layers() {
    KernelCases cases = new KernelCases(15);
    return Stream.of(
        cases.grid(64, 256, 4, 128, Zeros.DRAWN),
        cases.grid(64, 256, 8, 256, Zeros.MIDDLE),
        cases.grid(64, 256, 3, 64, Zeros.DRAWN),
        cases.mixed(64, 256, 32),
        cases.binary(64, 256, 64));
  }

  @ParameterizedTest
  @MethodSource("layers")
  void compiledCodeGivesTheBitsOfInterpretedCode(StoredLinear linear) {
    KernelCases cases = new KernelCases(16);
    float[] x = cases.floats(linear.inputFeatures(), 1);
    float[] expected = multiply(SCALAR, linear, WeightOnlyRowsTest.packing(linear), x, 1, 1);
    try (Arena arena = Arena.ofConfined()) {
      WeightOnlyProduct product = new WeightOnlyProduct(VECTOR, packing(linear).apply(arena), 1);
      float[] result = new float[linear.outputFeatures()];
      RowScratch scratch = new RowScratch();
      for (int round = 0; round < 20_000; round++) {
        product.begin(x, 0, 1, result);
        for (int tile = 0; tile < product.tileCount(); tile++) {
          product.runTile(tile, scratch);
        }
        if (round % 1000 == 0 || round < 10) {
          assertThat(result).containsExactly(expected);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("layers")
  void neitherThreadsNorOtherRowsChangeTheBits(StoredLinear linear) {
    KernelCases cases = new KernelCases(17);
    float[] x = cases.floats(4 * linear.inputFeatures(), 1);
    float[] alone = multiply(VECTOR, linear, packing(linear), x, 4, 1);
    for (int threads = 2; threads <= 5; threads++) {
      assertThat(multiply(VECTOR, linear, packing(linear), x, 4, threads)).containsExactly(alone);
    }
    for (int row = 0; row < 4; row++) {
      float[] one =
          Arrays.copyOfRange(x, row * linear.inputFeatures(), (row + 1) * linear.inputFeatures());
      assertThat(multiply(VECTOR, linear, packing(linear), one, 1, 1))
          .containsExactly(
              Arrays.copyOfRange(
                  alone, row * linear.outputFeatures(), (row + 1) * linear.outputFeatures()));
    }
  }

  static Function<Arena, WeightOnlyRows> packing(StoredLinear linear) {
    return arena -> WeightOnlyRows.of(linear, arena);
  }

  private static void check(KernelCases cases, StoredLinear linear) {
    check(cases, linear, packing(linear));
  }

  private static void check(
      KernelCases cases, StoredLinear linear, Function<Arena, WeightOnlyRows> packing) {
    int columns = linear.inputFeatures();
    for (int rows : new int[] {1, 3}) {
      float[] x = cases.floats(rows * columns, 1);
      float[] scalar = multiply(SCALAR, linear, packing, x, rows, 1);
      assertThat(multiply(VECTOR, linear, packing, x, rows, 1))
          .as("%s", linear)
          .containsExactly(scalar);
      float[] weight = linear.dequantize();
      for (int i = 0; i < scalar.length; i++) {
        int row = i / linear.outputFeatures();
        int n = i % linear.outputFeatures();
        double exact = 0;
        double size = 0;
        for (int k = 0; k < columns; k++) {
          double term = (double) weight[n * columns + k] * x[row * columns + k];
          exact += term;
          size += Math.abs(term);
        }
        assertThat((double) scalar[i])
            .as("%s", linear)
            .isCloseTo(exact, within(tolerance(linear, size, x, row)));
      }
    }
  }

  /** Folding zero points cancels sums of the size of the codes' range times the activations. */
  private static double tolerance(StoredLinear linear, double size, float[] x, int row) {
    double activations = 0;
    for (int k = 0; k < linear.inputFeatures(); k++) {
      activations += Math.abs(x[row * linear.inputFeatures() + k]);
    }
    return 4e-6 * (size + activations) + 1e-7;
  }

  static float[] multiply(
      RowKernels kernels,
      StoredLinear linear,
      Function<Arena, WeightOnlyRows> packing,
      float[] x,
      int rows,
      int threads) {
    try (Arena arena = Arena.ofShared();
        TilePool pool = new TilePool(threads)) {
      WeightOnlyProduct product = new WeightOnlyProduct(kernels, packing.apply(arena), rows);
      float[] result = new float[rows * linear.outputFeatures()];
      pool.run(product.begin(x, 0, rows, result));
      return result;
    }
  }
}
