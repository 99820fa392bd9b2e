package org.bitatlas.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.bitatlas.kernel.ascend.HalfFormat;
import org.bitatlas.kernel.ascend.RowDigits;
import org.bitatlas.kernel.ascend.WeightOnly;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.ActivationQuantizer.Strategy;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.KroneckerTransform;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Whole layers as an NPU computes them, against exact rational arithmetic and against words. */
class AscendLinearsTest {

  private static final ActivationQuantizer PER_TOKEN = ActivationQuantizer.perToken(8, true);

  @TestFactory
  List<DynamicTest> everyLayerGivesTheExactOutputs() throws IOException {
    Path file =
        Path.of(System.getProperty("bitatlas.oracles", "../oracles"))
            .resolve("ascend-numerics/layers.json");
    assumeTrue(Files.isRegularFile(file), "no golden cases in " + file);
    List<DynamicTest> tests = new ArrayList<>();
    for (JsonNode golden : JsonMapper.builder().build().readTree(file.toFile()).path("cases")) {
      String name =
          "%s of %d x %d"
              .formatted(
                  golden.path("scheme").asString(),
                  golden.path("rows").asInt(),
                  golden.path("columns").asInt());
      tests.add(DynamicTest.dynamicTest(name, () -> check(golden)));
    }
    return tests;
  }

  private static void check(JsonNode golden) {
    int rows = golden.path("rows").asInt();
    int columns = golden.path("columns").asInt();
    int features = golden.path("features").asInt();
    int bits = golden.path("bits").asInt();
    byte[] codes = new byte[features * columns];
    for (int i = 0; i < codes.length; i++) {
      int code = golden.path("weight").get(i / columns).get(i % columns).asInt();
      codes[i] = (byte) (code + (1 << (bits - 1)));
    }
    GridLinear linear = grid(codes, features, columns, bits, floats(golden.path("weightScale")));
    String scheme = golden.path("scheme").asString();
    float[] bias = floats(golden.path("bias"));
    ActivationQuantizer input =
        scheme.equals("W8A8")
            ? ActivationQuantizer.perTensor(
                8, bias.length == 0, value(golden, "low"), value(golden, "high"))
            : ActivationQuantizer.perToken(bits, true);
    float[] x = new float[rows * columns];
    float[] expected = new float[rows * features];
    for (int row = 0; row < rows; row++) {
      System.arraycopy(floats(golden.path("x").get(row)), 0, x, row * columns, columns);
      System.arraycopy(
          floats(golden.path("output").get(row)), 0, expected, row * features, features);
    }
    LinearActivations around = LinearActivations.rounding(input);
    assertThat(AscendScheme.of("layer", linear, around).name()).isEqualTo(scheme);
    for (int threads : new int[] {1, 3}) {
      assertThat(apply(linear, bias, around, x, threads)).isEqualTo(expected);
    }
  }

  private static float[] apply(
      GridLinear linear, float[] bias, LinearActivations around, float[] x, int threads) {
    return apply(linear, bias, around, x, threads, false);
  }

  private static float[] apply(
      GridLinear linear,
      float[] bias,
      LinearActivations around,
      float[] x,
      int threads,
      boolean roundedScales) {
    try (TensorScope _ = TensorScope.open();
        KernelThreads shared = new KernelThreads(threads);
        PackedLinear packed =
            AscendLinears.pack(
                "layer", linear, bias, around, roundedScales, RowKernels.selected())) {
      int columns = linear.inputFeatures();
      Tensor input = Tensor.from(x, x.length / columns, columns).to(ElementType.BF16);
      return packed
          .apply(new LinearInput(columns, input, RowKernels.selected()), shared)
          .toFloats();
    }
  }

  private static GridLinear grid(
      byte[] codes, int features, int columns, int bits, float... scales) {
    byte[] zeros = new byte[scales.length];
    Arrays.fill(zeros, (byte) (1 << (bits - 1)));
    int group = columns / (scales.length / features);
    return GridLinear.of(
        features, columns, bits, group, true, codes, scales, zeros, Optional.empty());
  }

  private static GridLinear random(int features, int columns, int bits, int group, Random random) {
    byte[] codes = new byte[features * columns];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) random.nextInt(1 << bits);
    }
    float[] scales = new float[features * columns / group];
    for (int i = 0; i < scales.length; i++) {
      scales[i] = 0.001f + 0.01f * random.nextFloat();
    }
    return grid(codes, features, columns, bits, scales);
  }

  private static float[] activations(int count, Random random) {
    float[] x = new float[count];
    for (int i = 0; i < count; i++) {
      x[i] = HalfFormat.BF16.round((float) random.nextGaussian());
    }
    return x;
  }

  @Test
  void sumsOneByOneAreThoseOfTheLibrary() {
    assumeTrue(ByteWeights.exactLibrary());
    Random random = new Random(5);
    int rows = 19;
    int columns = 131;
    int features = 37;
    byte[] weight = new byte[features * columns];
    byte[] codes = new byte[rows * columns];
    random.nextBytes(weight);
    random.nextBytes(codes);
    try (Arena arena = Arena.ofConfined();
        KernelThreads threads = new KernelThreads(2);
        CodeProduct product = new CodeProduct(weight, features, columns)) {
      MemorySegment x = arena.allocate(codes.length, 64);
      MemorySegment sums = arena.allocate(4L * rows * features, 64);
      MemorySegment.copy(codes, 0, x, ValueLayout.JAVA_BYTE, 0, codes.length);
      product.multiply(rows, x, sums, threads);
      for (int m = 0; m < rows; m++) {
        for (int n = 0; n < features; n++) {
          int sum = 0;
          for (int k = 0; k < columns; k++) {
            sum += codes[m * columns + k] * weight[n * columns + k];
          }
          assertThat(sums.getAtIndex(ValueLayout.JAVA_INT, (long) m * features + n)).isEqualTo(sum);
        }
      }
    }
  }

  @Test
  void manyRowsMeetWeightsInBf16AndFewRowsCodes() {
    Random random = new Random(11);
    GridLinear linear = random(32, 64, 8, 64, random);
    float[] bias = activations(32, random);
    for (int rows : new int[] {64, 65}) {
      float[] x = activations(rows * 64, random);
      float[] found = apply(linear, bias, LinearActivations.NONE, x, 2);
      double worst = 0;
      double worstOfOther = 0;
      for (int m = 0; m < rows; m++) {
        for (int n = 0; n < 32; n++) {
          float scale = HalfFormat.BF16.round(linear.scales()[n]);
          double rounded = bias[n];
          double exact = bias[n];
          double size = 0;
          for (int k = 0; k < 64; k++) {
            int code = linear.code(n, k) - 128;
            double weight = WeightOnly.weight(code, 0, scale, HalfFormat.BF16);
            rounded += x[m * 64 + k] * weight;
            exact += x[m * 64 + k] * (double) (code * scale);
            size += Math.abs(x[m * 64 + k] * weight);
          }
          double expected = rows == 65 ? rounded : exact;
          double tolerance =
              Math.abs(expected) / 256 + (rows == 65 ? 1e-5 : RowDigits.TOLERANCE * 4) * size;
          worst = Math.max(worst, Math.abs(found[m * 32 + n] - expected) / tolerance);
          double other = rows == 65 ? exact : rounded;
          worstOfOther = Math.max(worstOfOther, Math.abs(found[m * 32 + n] - other) / tolerance);
        }
      }
      assertThat(worst).isLessThan(1);
      assertThat(worstOfOther).isGreaterThan(1);
    }
  }

  /** Plain scales quantize by one number and dequantize by another; rounded ones by one. */
  @Test
  void roundedScalesTakeTheErrorOfTheLoaderAway() {
    Random random = new Random(23);
    int columns = 512;
    int features = 64;
    GridLinear linear = random(features, columns, 8, columns, random);
    float[] x = activations(32 * columns, random);
    double plain = 0;
    double rounded = 0;
    for (float high : new float[] {3.9f, 4.1f, 4.3f, 4.5f, 4.7f}) {
      ActivationQuantizer input = ActivationQuantizer.perTensor(8, true, -high, high);
      plain += gain(linear, input, x, false);
      rounded += gain(linear, input, x, true);
    }
    assertThat(plain / 5).isGreaterThan(5e-4);
    assertThat(rounded).describedAs("plain %s", plain).isLessThan(plain / 2.5);
  }

  /** How far the outputs are too large or too small on the whole. */
  private static double gain(
      GridLinear linear, ActivationQuantizer input, float[] x, boolean roundedScales) {
    LinearActivations around = LinearActivations.rounding(input);
    float[] found = apply(linear, new float[0], around, x, 1, roundedScales);
    double product = 0;
    double square = 0;
    int columns = linear.inputFeatures();
    float[] weight = linear.dequantize();
    for (int i = 0; i < found.length; i++) {
      double exact = 0;
      int row = i / linear.outputFeatures() * columns;
      int feature = i % linear.outputFeatures() * columns;
      for (int k = 0; k < columns; k++) {
        exact += x[row + k] * (double) weight[feature + k];
      }
      product += exact * found[i];
      square += exact * exact;
    }
    return Math.abs(product / square - 1);
  }

  @Test
  void theDenseW4a8LayerLeavesInputsAndBiasAlone() {
    Random random = new Random(13);
    GridLinear linear = random(32, 128, 4, 32, random);
    float[] x = activations(3 * 128, random);
    float[] bias = activations(32, random);
    float[] weightOnly = apply(linear, new float[0], LinearActivations.NONE, x, 1);
    float[] w4a8 = apply(linear, bias, LinearActivations.rounding(PER_TOKEN), x, 1);
    assertThat(w4a8).isEqualTo(weightOnly);
    assertThat(AscendScheme.of("m", linear, LinearActivations.rounding(PER_TOKEN)))
        .isEqualTo(AscendScheme.W4A8_DYNAMIC);
    assertThat(AscendScheme.of("m", linear, LinearActivations.NONE)).isEqualTo(AscendScheme.W4A16);
  }

  @Test
  void whatAscendHasNoArithmeticForIsRefusedWithTheReason() {
    Random random = new Random(17);
    GridLinear channel = random(4, 16, 8, 16, random);
    GridLinear grouped = random(4, 16, 8, 8, random);
    refuses(grouped, PER_TOKEN, "symmetric weights with one scale per output channel");
    refuses(channel, ActivationQuantizer.perToken(6, true), "inputs have 6 bits");
    refuses(channel, ActivationQuantizer.perToken(8, false), "symmetrically per token");
    refuses(
        channel, ActivationQuantizer.dynamic(8, true, Strategy.TOKEN, 0.9f), "ranges of inputs");
    refuses(channel, ActivationQuantizer.perToken(4, true), "go with 4-bit weights");
  }

  @Test
  void transformsHaveTheFactorsThatTheLoaderCreates() {
    GridLinear linear = random(8, 128, 4, 128, new Random(29));
    assertThat(AscendScheme.of("m", linear, transformed(8, 16, 4)))
        .isEqualTo(AscendScheme.W4A4_FLATQUANT_DYNAMIC);
    refusesTransform(linear, transformed(4, 32, 4), "factors of 4 and 32", "8 and 16");
    refusesTransform(linear, transformed(8, 16, 8), "only 4-bit inputs");
    refusesTransform(linear, transformed(4, 10, 4), "multiple of 8");
  }

  private static LinearActivations transformed(int left, int right, int bits) {
    return new LinearActivations(
        Optional.of(new KroneckerTransform(left, right, Optional.empty(), Optional.empty())),
        Optional.of(ActivationQuantizer.perToken(bits, true)),
        Optional.empty());
  }

  private static void refusesTransform(
      GridLinear linear, LinearActivations around, String... words) {
    assertThatThrownBy(() -> AscendScheme.of("m", linear, around))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContainingAll(words);
  }

  private static void refuses(GridLinear linear, ActivationQuantizer input, String why) {
    assertThatThrownBy(() ->
            AscendScheme.of(
                "model.layers.3.mlp.up_proj", linear, LinearActivations.rounding(input)))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContainingAll("model.layers.3.mlp.up_proj", why);
  }

  private static float value(JsonNode golden, String name) {
    return Float.intBitsToFloat(golden.path(name).asInt());
  }

  private static float[] floats(JsonNode patterns) {
    float[] values = new float[patterns.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = Float.intBitsToFloat(patterns.get(i).asInt());
    }
    return values;
  }
}
