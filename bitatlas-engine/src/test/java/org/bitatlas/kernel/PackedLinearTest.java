package org.bitatlas.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bitatlas.kernel.KernelCases.Zeros;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.ActivationQuantizer.Strategy;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.StoredLinear;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Layers on packed codes: few rows, many rows and the definition agree. */
class PackedLinearTest {

  private static final int OUTPUTS = 301;
  private static final int INPUTS = 200;
  private static final int ROWS = 19;

  private final KernelCases drawn = new KernelCases(5);
  private final RowKernels kernels = RowKernels.selected();
  private final KernelThreads one = new KernelThreads(1);
  private final KernelThreads two = new KernelThreads(2);

  @AfterEach
  void close() {
    one.close();
    two.close();
  }

  record Case(String name, GridLinear linear, ActivationQuantizer quantizer, boolean biased) {
    @Override
    public String toString() {
      return name;
    }
  }

  static List<Case> integerCases() {
    KernelCases drawn = new KernelCases(3);
    ActivationQuantizer token8 = ActivationQuantizer.perToken(8, true);
    GridLinear channel8 = drawn.grid(OUTPUTS, INPUTS, 8, INPUTS, Zeros.MIDDLE);
    GridLinear group4 = drawn.grid(OUTPUTS, INPUTS, 4, 32, Zeros.MIDDLE);
    return List.of(
        new Case("W8A8 per token", channel8, token8, true),
        new Case("W8A8 static", channel8, ActivationQuantizer.perTensor(8, true, -2.5f, 2), false),
        new Case("W8A8 asymmetric", channel8, ActivationQuantizer.perToken(8, false), true),
        new Case(
            "W8A8 dynamic tensor",
            channel8,
            ActivationQuantizer.dynamic(8, false, Strategy.TENSOR, 0.9f),
            false),
        new Case(
            "W8 with zeros", drawn.grid(OUTPUTS, INPUTS, 8, INPUTS, Zeros.DRAWN), token8, true),
        new Case("W4A8", drawn.grid(OUTPUTS, INPUTS, 4, INPUTS, Zeros.DRAWN), token8, false),
        new Case("narrow W4A8", drawn.grid(40, INPUTS, 4, INPUTS, Zeros.DRAWN), token8, true),
        new Case("narrow W4A8 in groups", drawn.grid(40, 100, 4, 32, Zeros.DRAWN), token8, true),
        new Case("W4A8 in groups", group4, token8, true),
        new Case(
            "W4A8 in groups with zeros",
            drawn.grid(OUTPUTS, INPUTS, 4, 64, Zeros.DRAWN),
            ActivationQuantizer.perToken(8, false),
            false),
        new Case("second scales", drawn.secondScales(OUTPUTS, INPUTS, 4, 32), token8, true),
        new Case("narrow second scales", drawn.secondScales(40, 100, 4, 32), token8, false),
        new Case("2 bits, second scales", drawn.secondScales(OUTPUTS, INPUTS, 2, 64), token8, true),
        new Case(
            "second scales over an asymmetric grid of activations",
            drawn.secondScales(OUTPUTS, INPUTS, 4, 32),
            ActivationQuantizer.perToken(8, false),
            true),
        new Case("odd second scales", drawn.secondScales(OUTPUTS, INPUTS, 4, 30), token8, true),
        new Case(
            "act order, second scales",
            drawn.actOrder(drawn.secondScales(OUTPUTS, INPUTS, 4, 32)),
            token8,
            true),
        new Case(
            "dealt columns, second scales",
            drawn.dealt(drawn.secondScales(OUTPUTS, INPUTS, 4, 40)),
            token8,
            true),
        new Case("act order", drawn.actOrder(group4), token8, true),
        new Case("W8A8 in groups", drawn.grid(OUTPUTS, INPUTS, 8, 64, Zeros.MIDDLE), token8, true),
        new Case(
            "W8A8 in groups with zeros",
            drawn.grid(OUTPUTS, INPUTS, 8, 64, Zeros.DRAWN),
            token8,
            true),
        new Case("W2A8", drawn.grid(OUTPUTS, INPUTS, 2, INPUTS, Zeros.DRAWN), token8, true),
        new Case(
            "W3A8 asymmetric",
            drawn.grid(OUTPUTS, INPUTS, 3, INPUTS, Zeros.DRAWN),
            ActivationQuantizer.perToken(8, false),
            true),
        new Case(
            "W4A4",
            drawn.grid(OUTPUTS, INPUTS, 4, INPUTS, Zeros.MIDDLE),
            ActivationQuantizer.perToken(4, false),
            false),
        new Case(
            "wide",
            drawn.grid(40, 1500, 8, 1500, Zeros.MIDDLE),
            ActivationQuantizer.perToken(8, false),
            false));
  }

  /** More rows than a slice is unpacked for, at a depth whose sums oneDNN takes as unsigned. */
  @Test
  void productsOfManyTilesHaveTheBitsOfFew() {
    int rows = 2 * UnpackedSlices.ROWS - 3;
    for (ActivationQuantizer quantizer :
        List.of(ActivationQuantizer.perToken(8, true), ActivationQuantizer.perToken(8, false))) {
      GridLinear linear = drawn.grid(300, 1100, 4, 1100, Zeros.DRAWN);
      try (IntegerLinear packed =
              new IntegerLinear(linear, new float[0], quantizer, ElementType.F32, kernels);
          TensorScope _ = TensorScope.open()) {
        Tensor input = Tensor.from(drawn.floats(rows * 1100, 1), rows, 1100);
        float[] many = apply(packed, input, two);
        for (int first : new int[] {0, 255, 256, 511, 512, 1018}) {
          assertThat(apply(packed, input.narrow(0, first, 2), one))
              .isEqualTo(Arrays.copyOfRange(many, first * 300, (first + 2) * 300));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("integerCases")
  void manyRowsHaveTheBitsOfFew(Case each) {
    GridLinear linear = each.linear();
    float[] x = drawn.floats(ROWS * linear.inputFeatures(), 1);
    float[] bias = each.biased() ? drawn.floats(linear.outputFeatures(), 1) : new float[0];
    for (ElementType type : List.of(ElementType.F32, ElementType.BF16)) {
      try (IntegerLinear packed = new IntegerLinear(linear, bias, each.quantizer(), type, kernels);
          TensorScope _ = TensorScope.open()) {
        Tensor input = Tensor.from(x, ROWS, linear.inputFeatures()).to(type);
        float[] many = apply(packed, input, one);
        assertThat(apply(packed, input, two)).isEqualTo(many);
        float[] exact = definition(each, bias, input.toFloats());
        assertThat(many).isEqualTo(rounded(exact, type));
        if (each.quantizer().strategy() == Strategy.TOKEN || !each.quantizer().dynamic()) {
          for (int first = 0; first < ROWS; first += 3) {
            int rows = Math.min(3, ROWS - first);
            Tensor few = input.narrow(0, first, rows).contiguous();
            int n = linear.outputFeatures();
            assertThat(apply(packed, few, two))
                .isEqualTo(Arrays.copyOfRange(many, first * n, (first + rows) * n));
          }
        }
      }
    }
  }

  /** The weight is there once, with its scales. */
  @ParameterizedTest
  @CsvSource({"8, 1536, 1.1", "4, 1536, 0.56", "4, 128, 0.56", "8, 128, 1.1", "2, 1536, 0.56"})
  void aWeightIsHeldOnce(int bits, int group, double bytes) {
    assumeTrue(OneDnn.exactIntegers(), "this CPU has no VNNI: all products are by our own rows");
    int size = 1536;
    GridLinear linear = drawn.grid(size, size, bits, group, Zeros.MIDDLE);
    ActivationQuantizer quantizer = ActivationQuantizer.perToken(8, true);
    try (IntegerLinear packed =
        new IntegerLinear(linear, new float[0], quantizer, ElementType.F32, kernels)) {
      assertThat(packed.choice(512).kernel()).doesNotContain("integer rows");
      assertThat((double) packed.bytes() / size / size).isLessThan(bytes);
    }
  }

  @Test
  void secondScalesAreMultipliedAsIntegersAndHeldInTwoBytes() {
    int size = 1536;
    GridLinear linear = drawn.secondScales(size, size, 4, 128);
    ActivationQuantizer quantizer = ActivationQuantizer.perToken(8, true);
    try (IntegerLinear packed =
        new IntegerLinear(linear, new float[0], quantizer, ElementType.F32, kernels)) {
      assertThat(packed.choice(1).types()).contains("second scales");
      if (OneDnn.exactIntegers()) {
        assertThat(packed.choice(512).kernel())
            .isEqualTo("4-bit codes with second scales unpacked by slice");
      }
      assertThat((double) packed.bytes() / size / size).isLessThan(0.52);
    }
  }

  /** The layer by its definition with the scalar kernels. */
  private static float[] definition(Case each, float[] bias, float[] x) {
    GridLinear linear = each.linear();
    int n = linear.outputFeatures();
    int k = linear.inputFeatures();
    ActivationCodes codes = new ActivationCodes(ROWS, k);
    new ScalarRowKernels().quantize(x, 0, ROWS, each.quantizer(), codes);
    float[] y = new float[ROWS * n];
    for (int m = 0; m < ROWS; m++) {
      for (int row = 0; row < n; row++) {
        float sum = 0;
        int whole = 0;
        byte[] seconds = linear.secondScales();
        for (int group = 0; group < linear.groups(); group++) {
          int cell = row * linear.groups() + group;
          int exact = 0;
          for (int column = 0; column < k; column++) {
            if (linear.group(column) == group) {
              exact +=
                  (linear.code(row, column) - (linear.zeroPoints()[cell] & 0xFF))
                      * codes.code(m, column);
            }
          }
          whole += seconds[cell] * exact;
          sum = Math.fma(linear.scales()[cell], (float) exact, sum);
        }
        if (IntegerRows.hasSecondScales(linear) && !SignedCodes.shifted(each.quantizer())) {
          sum = linear.channelScales().orElseThrow()[row] * (float) whole;
        }
        y[m * n + row] = sum * codes.scale(m) + (bias.length > 0 ? bias[row] : 0);
      }
    }
    return y;
  }

  private static float[] rounded(float[] values, ElementType type) {
    return Tensor.from(values, values.length).to(type).toFloats();
  }

  private float[] apply(PackedLinear packed, Tensor input, KernelThreads threads) {
    float[] values =
        packed.apply(new LinearInput(packed.inputFeatures(), input, kernels), threads).toFloats();
    for (int i = 0; i < values.length; i++) {
      // A sum of 0 under a negative scale, which no method makes, is -0 in one of the kernels.
      values[i] += 0f;
    }
    return values;
  }

  enum Storage {
    GRID,
    ACT_ORDER,
    TWO_BITS,
    MIXED,
    BINARY,
    FLOAT
  }

  @ParameterizedTest
  @EnumSource(Storage.class)
  void weightOnlyLayersAgreeWithTheDequantizedWeight(Storage storage) {
    agrees(storage, ElementType.F32, 4e-6);
    agrees(storage, ElementType.BF16, 1.2e-2);
  }

  /** {@code tolerance} is that of the largest result: bf16 keeps 8 bits of weights and results. */
  private void agrees(Storage storage, ElementType type, double tolerance) {
    StoredLinear linear =
        switch (storage) {
          case GRID -> drawn.grid(OUTPUTS, INPUTS, 4, 32, Zeros.DRAWN);
          case ACT_ORDER -> drawn.actOrder(drawn.grid(OUTPUTS, INPUTS, 4, 32, Zeros.MIDDLE));
          case TWO_BITS -> drawn.grid(OUTPUTS, INPUTS, 2, 64, Zeros.DRAWN);
          case MIXED -> drawn.mixed(OUTPUTS, INPUTS, 32);
          case BINARY -> drawn.binary(OUTPUTS, INPUTS, 64);
          case FLOAT -> drawn.floatLinear(OUTPUTS, INPUTS);
        };
    float[] bias = drawn.floats(OUTPUTS, 1);
    try (WeightOnlyLinear packed = new WeightOnlyLinear(linear, bias, type, kernels);
        TensorScope _ = TensorScope.open()) {
      Tensor input = Tensor.from(drawn.floats(ROWS * INPUTS, 1), ROWS, INPUTS).to(type);
      float[] expected =
          input
              .to(ElementType.F32)
              .linear(
                  Tensor.from(linear.dequantize(), OUTPUTS, INPUTS),
                  Optional.of(Tensor.from(bias, OUTPUTS)))
              .toFloats();
      double size = 0;
      for (float value : expected) {
        size = Math.max(size, Math.abs(value));
      }
      float[] many = apply(packed, input, one);
      assertThat(apply(packed, input, two)).isEqualTo(many);
      assertThat(largestDifference(many, expected)).isLessThan(tolerance * size);
      Tensor few = input.narrow(0, 0, 3);
      assertThat(largestDifference(apply(packed, few, two), expected)).isLessThan(tolerance * size);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = ElementType.class,
      names = {"F32", "BF16"})
  void bothProvidersGiveTheSameBits(ElementType type) {
    RowKernels scalar = new ScalarRowKernels();
    GridLinear groups = drawn.grid(OUTPUTS, INPUTS, 4, 32, Zeros.DRAWN);
    StoredLinear binary = drawn.binary(OUTPUTS, INPUTS, 64);
    ActivationQuantizer wide = ActivationQuantizer.perToken(8, false);
    float[] none = {};
    try (PackedLinear a = new IntegerLinear(groups, none, wide, type, scalar);
        PackedLinear b = new IntegerLinear(groups, none, wide, type, kernels);
        PackedLinear c = new WeightOnlyLinear(groups, none, type, scalar);
        PackedLinear d = new WeightOnlyLinear(groups, none, type, kernels);
        PackedLinear e = new WeightOnlyLinear(binary, none, type, scalar);
        PackedLinear f = new WeightOnlyLinear(binary, none, type, kernels);
        TensorScope _ = TensorScope.open()) {
      for (int rows : new int[] {2, ROWS}) {
        Tensor x = Tensor.from(drawn.floats(rows * INPUTS, 1), rows, INPUTS).to(type);
        assertThat(apply(b, x, two)).isEqualTo(apply(a, x, scalar));
        assertThat(apply(d, x, two)).isEqualTo(apply(c, x, scalar));
        assertThat(apply(f, x, two)).isEqualTo(apply(e, x, scalar));
      }
    }
  }

  private float[] apply(PackedLinear packed, Tensor input, RowKernels provider) {
    return packed
        .apply(new LinearInput(packed.inputFeatures(), input, provider), one)
        .add(0)
        .toFloats();
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 19})
  void whatIsNotANumberStaysSo(int rows) {
    GridLinear linear = drawn.grid(OUTPUTS, INPUTS, 8, INPUTS, Zeros.MIDDLE);
    float[] x = drawn.floats(rows * INPUTS, 1);
    x[INPUTS + 3] = Float.NaN;
    try (IntegerLinear packed =
            new IntegerLinear(
                linear,
                new float[0],
                ActivationQuantizer.perToken(8, true),
                ElementType.F32,
                kernels);
        TensorScope _ = TensorScope.open()) {
      float[] y = apply(packed, Tensor.from(x, rows, INPUTS), two);
      assertThat(y[OUTPUTS - 1]).isFinite();
      assertThat(Arrays.copyOfRange(y, OUTPUTS, 2 * OUTPUTS)).containsOnly(Float.NaN);
    }
  }

  private static double largestDifference(float[] values, float[] expected) {
    double largest = 0;
    for (int i = 0; i < values.length; i++) {
      largest = Math.max(largest, Math.abs(values[i] - expected[i]));
    }
    return largest;
  }
}
