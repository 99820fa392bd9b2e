package org.bitatlas.study.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.data.Percentage;
import org.bitatlas.format.support.DeviceFamily;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.NamedShapes;
import org.bitatlas.study.target.ExecutionScheme.Inputs;
import org.bitatlas.study.target.Prediction.Part;
import org.junit.jupiter.api.Test;

class RooflineTest {
  private static final Architecture SEVEN = NamedShapes.named("openpangu-7b");
  private static final Workload WORK = new Workload(2048, 2048, 128);

  private static ExecutionScheme w8a8(Inputs inputs) {
    return ExecutionScheme.alike(
        "w8a8",
        ExecutionScheme.everywhere(8),
        0,
        2,
        false,
        Arithmetic.INT8,
        Arithmetic.BF16,
        inputs,
        16);
  }

  private static final ExecutionScheme W4A16 =
      ExecutionScheme.alike(
          "w4a16",
          ExecutionScheme.everywhere(4),
          128,
          2,
          true,
          Arithmetic.BF16,
          Arithmetic.BF16,
          Inputs.FLOAT,
          16);

  private static final ExecutionScheme BF16 = ExecutionScheme.floats("bf16", Arithmetic.BF16);

  private static HardwareTarget target(Map<Arithmetic, Double> peaks, double bandwidth) {
    Map<Arithmetic, Quantity> known = new EnumMap<>(Arithmetic.class);
    peaks.forEach((type, value) -> known.put(type, quantity(value)));
    return new HardwareTarget(
        "test",
        "a test",
        DeviceFamily.CPU_AVX2,
        List.of("machine"),
        quantity(1e12),
        quantity(bandwidth),
        known,
        "float",
        List.of(),
        List.of());
  }

  private static Quantity quantity(double value) {
    return new Quantity(value, Quantity.Basis.MEASURED, "a test");
  }

  @Test
  void partsKeepTheirOrderWhateverTheOrderTheyCameIn() {
    Map<Part, Double> times = new LinkedHashMap<>();
    for (Part part : List.of(Part.POINTWISE, Part.HEAD, Part.LINEAR)) {
      times.put(part, 0.1);
    }
    Prediction prediction =
        new Prediction(times, times, WORK, new Prediction.Memory(1, 1, 1), List.of());

    assertThat(prediction.decode().keySet())
        .containsExactly(Part.LINEAR, Part.HEAD, Part.POINTWISE);
  }

  /** The published size of the 7B checkpoint, without the rotary tables (2 bytes a parameter). */
  @Test
  void weightsOfAFloatModelAreItsPublishedSize() {
    Prediction prediction = Roofline.predict(TargetCatalog.find("ascend-910b"), SEVEN, BF16, WORK);

    assertThat(prediction.memory().weights()).isEqualTo(2 * 8_030_887_936.0);
    // 34 layers, 8 heads of 128 keys and values in two bytes, 2,176 tokens.
    assertThat(prediction.memory().cache()).isEqualTo(34.0 * 2 * 8 * 128 * 2 * 2176);
  }

  @Test
  void storedBytesCountScalesAndZeroPoints() {
    double rows = 12_800;
    double columns = 4096;
    assertThat(W4A16.storedBytes(SEVEN, 0, Projection.UP))
        .isEqualTo(rows * (columns / 2 + columns / 128 * 2.5));
    assertThat(w8a8(Inputs.DYNAMIC).storedBytes(SEVEN, 0, Projection.UP))
        .isEqualTo(rows * (columns + 2));
  }

  /** With memory that is free, products of many rows take their operations over the peak. */
  @Test
  void manyRowsAreBoundByOperations() {
    HardwareTarget fast =
        target(Map.of(Arithmetic.BF16, 1e12, Arithmetic.INT8, 2e12, Arithmetic.VECTOR, 1e12), 1e18);
    double weights = 0;
    for (Projection projection : Projection.values()) {
      weights += (double) SEVEN.outputFeatures(projection) * SEVEN.inputFeatures(projection);
    }
    double operations = 2 * 34 * weights * WORK.prompt();

    assertThat(Roofline.predict(fast, SEVEN, BF16, WORK).prefill().get(Part.LINEAR))
        .isCloseTo(operations / 1e12, Percentage.withPercentage(1e-9));
    assertThat(Roofline.predict(fast, SEVEN, w8a8(Inputs.STATIC), WORK).prefill().get(Part.LINEAR))
        .isCloseTo(operations / 2e12, Percentage.withPercentage(1e-9));
  }

  /** With free operations a token costs the bytes of the weights and of the cache. */
  @Test
  void oneRowIsBoundByBytes() {
    HardwareTarget narrow = target(Map.of(Arithmetic.BF16, 1e18, Arithmetic.VECTOR, 1e18), 1e9);
    Prediction bf16 = Roofline.predict(narrow, SEVEN, BF16, WORK);
    double head = 2.0 * SEVEN.vocabularySize() * SEVEN.hiddenSize();

    assertThat(bf16.decode().get(Part.HEAD)).isEqualTo(head / 1e9);
    double read = bf16.memory().weights() - head;
    assertThat(bf16.decode().get(Part.LINEAR) * 1e9).isCloseTo(read, Percentage.withPercentage(10));
    assertThat(bf16.decode().get(Part.ATTENTION) * 1e9)
        .isCloseTo(34.0 * 2 * 8 * 128 * 2 * WORK.middle(), Percentage.withPercentage(1));
  }

  @Test
  void dynamicRangesCostMoreThanFixedOnesAndOnlyWhereInputsAreRounded() {
    HardwareTarget ascend = TargetCatalog.find("ascend-910b");
    double fixed =
        Roofline.predict(ascend, SEVEN, w8a8(Inputs.STATIC), WORK).prefillShare(Part.QUANTIZATION);
    double dynamic =
        Roofline.predict(ascend, SEVEN, w8a8(Inputs.DYNAMIC), WORK).prefillShare(Part.QUANTIZATION);

    assertThat(Roofline.predict(ascend, SEVEN, W4A16, WORK).prefillShare(Part.QUANTIZATION))
        .isZero();
    assertThat(fixed).isPositive().isLessThan(dynamic);
    assertThat(dynamic).isLessThan(0.2);
  }

  /** Eight-bit inputs pay in the prefill, fewer bits of weights in decoding. */
  @Test
  void schemesOrderAsTheyShouldOnEveryTargetThatMultipliesIntegers() {
    for (String name : List.of("ascend-910b", "ascend-310p", "cpu-amx", "cuda-h200")) {
      HardwareTarget found = TargetCatalog.find(name);
      Prediction floats = Roofline.predict(found, SEVEN, BF16, WORK);
      Prediction integers = Roofline.predict(found, SEVEN, w8a8(Inputs.DYNAMIC), WORK);
      Prediction four = Roofline.predict(found, SEVEN, W4A16, WORK);

      assertThat(integers.prefillSeconds()).isLessThan(floats.prefillSeconds());
      assertThat(four.decodeSeconds()).isLessThan(integers.decodeSeconds());
      assertThat(integers.decodeSeconds()).isLessThan(floats.decodeSeconds());
      assertThat(four.requestSeconds())
          .isCloseTo(four.prefillSeconds() + 128 * four.decodeSeconds(), within(1e-12));
    }
  }

  /** What a target does not say is assumed aloud. */
  @Test
  void unknownRatesAreAssumedFromWiderTypesAndSaid() {
    HardwareTarget old = TargetCatalog.find("cpu-avx2");
    Prediction integers = Roofline.predict(old, SEVEN, w8a8(Inputs.DYNAMIC), WORK);
    Prediction floats = Roofline.predict(old, SEVEN, BF16, WORK);

    assertThat(integers.assumptions())
        .contains("products of INT8 are unknown; they count at the rate of FP32");
    assertThat(integers.prefill().get(Part.LINEAR)).isEqualTo(floats.prefill().get(Part.LINEAR));
    assertThat(Roofline.predict(TargetCatalog.find("ascend-310p"), SEVEN, BF16, WORK).assumptions())
        .anyMatch(text -> text.startsWith("the rate of element-wise work is unknown"));
    assertThat(Roofline.predict(TargetCatalog.find("cuda-h200"), SEVEN, BF16, WORK).assumptions())
        .isEmpty();
  }
}
