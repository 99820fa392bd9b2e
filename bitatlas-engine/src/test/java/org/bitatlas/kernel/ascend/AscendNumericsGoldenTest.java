package org.bitatlas.kernel.ascend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Every operator against values computed in exact rational arithmetic; all bit for bit. */
class AscendNumericsGoldenTest {

  @TestFactory
  List<DynamicTest> everyOperatorGivesTheExactValues() throws IOException {
    Path folder =
        Path.of(System.getProperty("bitatlas.oracles", "../oracles")).resolve("ascend-numerics");
    assumeTrue(Files.isDirectory(folder), "no golden cases in " + folder);
    List<DynamicTest> tests = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".json")).sorted().toList()) {
        JsonNode root = JsonMapper.builder().build().readTree(file.toFile());
        String operator = root.path("operator").asString();
        if (!operator.equals("layers")) {
          Consumer<JsonNode> check = check(operator);
          int number = 0;
          for (JsonNode golden : root.path("cases")) {
            tests.add(
                DynamicTest.dynamicTest(operator + " " + number++, () -> check.accept(golden)));
          }
        }
      }
    }
    return tests;
  }

  private static Consumer<JsonNode> check(String operator) {
    return switch (operator) {
      case "rounding" -> AscendNumericsGoldenTest::rounding;
      case "token_quantization" -> AscendNumericsGoldenTest::tokenQuantization;
      case "static_quantization" -> AscendNumericsGoldenTest::staticQuantization;
      case "dequant_scale" -> AscendNumericsGoldenTest::dequantScale;
      case "dequantization" -> AscendNumericsGoldenTest::dequantization;
      case "weight_only" -> AscendNumericsGoldenTest::weightOnly;
      case "cache_codes" -> AscendNumericsGoldenTest::cacheCodes;
      default -> throw new IllegalArgumentException("no test for " + operator);
    };
  }

  private static void rounding(JsonNode golden) {
    HalfFormat type = type(golden);
    float[] values = floats(golden.path("values"));
    float[] expected = floats(golden.path("expected"));
    for (int i = 0; i < values.length; i++) {
      assertSame(type.round(values[i]), expected[i]);
    }
  }

  private static void tokenQuantization(JsonNode golden) {
    TokenScale kind = TokenScale.of(golden.path("columns").asInt());
    assertThat(kind.name()).isEqualToIgnoringCase(golden.path("kind").asString());
    float[] row = floats(golden.path("row"));
    byte[] codes = new byte[row.length];
    int limit = golden.path("limit").asInt();
    float scale = TokenQuantization.quantize(row, 0, row.length, limit, 1, kind, codes, 0);
    assertThat(codes).isEqualTo(bytes(golden.path("codes")));
    assertSame(scale, Float.intBitsToFloat(golden.path("scale").asInt()));
  }

  private static void staticQuantization(JsonNode golden) {
    float scale = Float.intBitsToFloat(golden.path("scale").asInt());
    StaticInput input = StaticInput.load(scale, golden.path("offset").asInt(), type(golden));
    assertSame(input.reciprocal(), Float.intBitsToFloat(golden.path("reciprocal").asInt()));
    float[] values = floats(golden.path("values"));
    byte[] codes = new byte[values.length];
    input.quantize(values, 0, values.length, codes, 0);
    assertThat(codes).isEqualTo(bytes(golden.path("codes")));
  }

  private static void dequantScale(JsonNode golden) {
    float[] values = floats(golden.path("values"));
    float[] truncated = floats(golden.path("truncated"));
    float[] rounded = floats(golden.path("rounded"));
    for (int i = 0; i < values.length; i++) {
      assertSame(DequantScale.truncated(values[i]), truncated[i]);
      assertSame(DequantScale.rounded(values[i]), rounded[i]);
      assertThat(DequantScale.truncated(rounded[i])).isEqualTo(rounded[i]);
      long stored = golden.path("stored").get(i).asLong();
      long transformed = golden.path("transformed").get(i).asLong();
      assertThat(DequantScale.stored(values[i])).isEqualTo(stored);
      assertThat(DequantScale.transformed(values[i])).isEqualTo(transformed);
      assertSame(DequantScale.read(stored), truncated[i]);
      assertSame(DequantScale.read(transformed), truncated[i]);
    }
  }

  private static void dequantization(JsonNode golden) {
    int sum = golden.path("sum").asInt();
    float weight = value(golden, "weightScale");
    float token = value(golden, "tokenScale");
    float bias = value(golden, "bias");
    HalfFormat brain = HalfFormat.BF16;
    HalfFormat half = HalfFormat.FP16;
    assertSame(Dequantization.staticBf16(sum, weight), value(golden, "staticBf16"));
    assertSame(Dequantization.staticFp16(sum, weight), value(golden, "staticFp16"));
    assertSame(
        Dequantization.perToken(sum, weight, token, bias, brain), value(golden, "tokenBf16"));
    assertSame(Dequantization.perToken(sum, weight, token, bias, half), value(golden, "tokenFp16"));
    assertSame(
        Dequantization.fourBits(sum, weight, token, bias, half, brain), value(golden, "laosBf16"));
    assertSame(
        Dequantization.fourBits(sum, weight, token, bias, brain, brain),
        value(golden, "flatQuantBf16"));
  }

  private static void weightOnly(JsonNode golden) {
    float[] scales = floats(golden.path("scales"));
    byte[] codes = bytes(golden.path("codes"));
    float[] expected = floats(golden.path("expected"));
    float offset = golden.path("offset").asInt();
    for (int i = 0; i < codes.length; i++) {
      assertSame(WeightOnly.weight(codes[i], offset, scales[i], type(golden)), expected[i]);
    }
  }

  private static void cacheCodes(JsonNode golden) {
    float[] values = floats(golden.path("values"));
    byte[] codes = bytes(golden.path("codes"));
    float[] read = floats(golden.path("read"));
    float scale = value(golden, "scale");
    float offset = golden.path("offset").asInt();
    for (int i = 0; i < codes.length; i++) {
      assertThat(CacheCodes.code(values[i], scale, offset)).isEqualTo(codes[i]);
      assertSame(CacheCodes.value(codes[i], scale, offset, HalfFormat.BF16), read[i]);
    }
  }

  /** Bit for bit, all patterns of what is not a number alike, and zeros of either sign. */
  private static void assertSame(float found, float expected) {
    assertThat(Float.floatToIntBits(found + 0f)).isEqualTo(Float.floatToIntBits(expected + 0f));
  }

  private static HalfFormat type(JsonNode golden) {
    return golden.path("type").asString().equals("bf16") ? HalfFormat.BF16 : HalfFormat.FP16;
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

  private static byte[] bytes(JsonNode numbers) {
    byte[] values = new byte[numbers.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (byte) numbers.get(i).asInt();
    }
    return values;
  }
}
