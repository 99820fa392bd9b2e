package org.bitatlas.study.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.Execution;
import org.bitatlas.model.Phase;
import org.bitatlas.model.Precision;
import org.bitatlas.model.RotaryEmbedding;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.Device;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BenchTest {

  /** Of each measurement: whether there is a time is looked at, not how steady it is. */
  private static final double SECONDS = 0.02;

  private static final Architecture SMALL =
      new Architecture(
          "TestForCausalLM",
          300,
          256,
          384,
          2,
          4,
          2,
          64,
          1e-5,
          new RotaryEmbedding.Plain(10_000),
          true,
          true,
          false,
          true,
          64,
          0,
          List.of(),
          1,
          List.of(2));

  private static final int WEIGHTS = 2 * (256 * (512 + 256) + 3 * 256 * 384);

  @Test
  void measuresEverySchemeInEveryRound() {
    List<Scheme> schemes =
        Stream.of("fp32", "w8a8", "w4a16-g128", "w4a4-flat").map(Scheme::named).toList();
    List<String> steps = new ArrayList<>();
    BenchResult result;
    try (BenchSubject subject = BenchSubject.shape("small", SMALL)) {
      result =
          Bench.run(
              subject,
              options(schemes, 24, 2),
              (round, rounds, step) -> steps.add(round + "/" + rounds + " " + step),
              SECONDS);
    }

    assertThat(steps).hasSize(2 * (1 + schemes.size()));
    assertThat(steps.subList(0, 3))
        .containsExactly("1/2 limits of the machine", "1/2 fp32", "1/2 w8a8");
    assertThat(result.run().linearWeights()).isEqualTo(WEIGHTS);
    assertThat(result.bandwidth().median()).isPositive();
    assertThat(result.bandwidth().count()).isEqualTo(2);
    assertThat(result.schemes()).hasSameSizeAs(schemes);
    for (SchemeResult scheme : result.schemes()) {
      assertThat(scheme.samples()).hasSize(2);
      assertThat(scheme.prefillTokensPerSecond().median()).isPositive();
      assertThat(scheme.decodeTokensPerSecond().median()).isPositive();
      assertThat(scheme.decodeOfBandwidth().median()).isPositive();
      for (PhaseTimes times : List.of(scheme.prefill(), scheme.decode())) {
        double sum = 0;
        double shares = 0;
        for (Phase phase : Phase.values()) {
          sum += times.seconds(phase);
          shares += times.share(phase);
        }
        assertThat(sum).isCloseTo(times.seconds(), within(1e-9));
        assertThat(shares).isCloseTo(1, within(1e-9));
        assertThat(times.seconds(Phase.LINEAR)).isPositive();
        assertThat(times.seconds(Phase.SAMPLING)).isPositive();
        assertThat(times.seconds(Phase.QUANTIZATION) > 0)
            .isEqualTo(quantizesInputs(scheme.facts().scheme()));
        assertThat(times.seconds(Phase.TRANSFORM) > 0)
            .isEqualTo(scheme.facts().scheme().endsWith("flat"));
      }
    }
  }

  private static boolean quantizesInputs(String scheme) {
    return Scheme.named(scheme).activations().isPresent();
  }

  @ParameterizedTest
  @EnumSource(names = {"SIMULATED", "INTEGER"})
  void everySchemeRuns(Execution execution) {
    try (BenchSubject subject = BenchSubject.shape("small", SMALL)) {
      for (Scheme scheme : Scheme.all()) {
        try (LoadedScheme loaded =
                LoadedScheme.load(subject, scheme, options(List.of(scheme), 8, 1, execution));
            TensorScope _ = TensorScope.open()) {
          assertThat(loaded.model().logits(new int[][] {{1, 2, 3}}).toFloats())
              .as(scheme.name())
              .doesNotContain(Float.NaN);
        }
      }
    }
  }

  @Test
  void anotherDeviceRunsEverythingButIntegers() {
    Device elsewhere = new Device(Device.Kind.CPU, 1);
    List<Scheme> schemes = List.of(Scheme.named("bf16"), Scheme.named("w4a4-flat"));
    BenchOptions options = options(schemes, 8, 1, Execution.SIMULATED, elsewhere);
    try (BenchSubject subject = BenchSubject.shape("small", SMALL)) {
      BenchResult result = Bench.run(subject, options, (_, _, _) -> {}, SECONDS);
      assertThat(result.run().machine()).containsEntry("device", "cpu:1 (not run on hardware)");
      for (SchemeResult scheme : result.schemes()) {
        assertThat(scheme.facts().executionWords()).endsWith(", on cpu:1 (not run on hardware)");
      }
    }
    assertThatThrownBy(() -> options(schemes, 8, 1, Execution.INTEGER, elsewhere))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("Integer execution runs on the CPU, or on an NPU, not on cpu:1");
  }

  @Test
  void countsTheBytesOfASchemeAsStored() {
    try (BenchSubject subject = BenchSubject.shape("small", SMALL)) {
      BenchOptions simulated = options(List.of(), 8, 1, Execution.SIMULATED);
      BenchOptions integer = options(List.of(), 8, 1, Execution.INTEGER);
      SchemeFacts full = facts(subject, "fp32", integer);
      SchemeFacts half = facts(subject, "bf16", integer);
      SchemeFacts eight = facts(subject, "w8a8", simulated);
      SchemeFacts eightPacked = facts(subject, "w8a8", integer);
      SchemeFacts four = facts(subject, "w4a16-g128", integer);
      long head = 4L * 300 * 256;

      SchemeFacts binary = facts(subject, "binary", integer);
      SchemeFacts two = facts(subject, "w2a16-g128", integer);
      SchemeFacts mixed = facts(subject, "w4a8-down8", integer);
      SchemeFacts plain = facts(subject, "w4a8", integer);
      SchemeFacts rounded = facts(subject, "w8a8-kv8", integer);
      // Two bits of a weight, and four means and scales for each 128 of them.
      assertThat(binary.linearBytes()).isBetween(WEIGHTS / 2L, WEIGHTS * 21L / 40);
      assertThat(two.linearBytes()).isEqualTo(WEIGHTS / 4 + WEIGHTS / 128 * 5);
      assertThat(mixed.linearBytes()).isEqualTo(plain.linearBytes() + 2L * 256 * 384 / 2);
      assertThat(rounded.cachePerPosition()).isLessThan(eightPacked.cachePerPosition() / 2);
      for (SchemeFacts facts : List.of(full, half, eight, four, binary)) {
        assertThat(facts.tableBytes()).as(facts.scheme()).isPositive();
        assertThat(facts.otherBytes()).as(facts.scheme()).isBetween(0L, facts.modelBytes() / 20);
      }
      assertThat(full.linearBytes()).isEqualTo(4L * WEIGHTS);
      assertThat(half.linearBytes()).isEqualTo(2L * WEIGHTS);
      assertThat(full.modelBytes()).isEqualTo(2 * half.modelBytes());
      assertThat(eight.linearBytes()).isBetween((long) WEIGHTS, WEIGHTS * 21L / 20);
      // A scale of 4 bytes and a zero point of 1 for each 128 weights.
      assertThat(four.linearBytes()).isEqualTo(WEIGHTS / 2 + WEIGHTS / 128 * 5);
      assertThat(full.execution()).isEqualTo("float");
      assertThat(eight.execution()).isEqualTo("simulated");
      assertThat(eight.arithmetic()).isEqualTo(ElementType.F32);
      assertThat(eight.weightsReadPerToken()).isEqualTo(4L * WEIGHTS + head);
      assertThat(eightPacked.execution()).isEqualTo("integer");
      assertThat(eightPacked.arithmetic()).isEqualTo(ElementType.I8);
      assertThat(eightPacked.weightsReadPerToken()).isEqualTo(eightPacked.linearBytes() + head);
      assertThat(four.arithmetic()).isEqualTo(ElementType.F32);
      assertThat(half.cachePerPosition()).isEqualTo(2L * 2 * 2 * 64 * 2);
    }
  }

  private static SchemeFacts facts(BenchSubject subject, String scheme, BenchOptions execution) {
    try (LoadedScheme loaded = LoadedScheme.load(subject, Scheme.named(scheme), execution)) {
      return loaded.facts();
    }
  }

  @Test
  void anInterruptEndsTheBench() {
    try (BenchSubject subject = BenchSubject.shape("small", SMALL)) {
      BenchListener interrupting =
          (round, rounds, step) -> {
            if (step.equals("bf16")) {
              Thread.currentThread().interrupt();
            }
          };
      assertThatThrownBy(
              () -> Bench.run(subject, options(Scheme.all(), 24, 1), interrupting, SECONDS))
          .isInstanceOf(CancellationException.class);
      assertThat(Thread.interrupted()).isTrue();
    }
  }

  @Test
  void whatCannotBeMeasuredIsRefusedAtOnce() {
    try (BenchSubject subject = BenchSubject.shape("small", SMALL)) {
      assertThatThrownBy(() -> run(subject, options(Scheme.all(), 64, 1)))
          .isInstanceOf(BitAtlasException.class)
          .hasMessageContaining("context of 64");
      assertThatThrownBy(() -> run(subject, options(List.of(), 8, 1)))
          .isInstanceOf(BitAtlasException.class)
          .hasMessageContaining("at least one scheme");
    }
    assertThatThrownBy(() -> options(Scheme.all(), 8, 0))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("rounds");
    assertThatThrownBy(() -> options(List.of(Scheme.named("w8a8"), Scheme.named("W8A8")), 8, 1))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("twice");
    assertThatThrownBy(() -> Scheme.named("w3a3"))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("w4a16-g128");
  }

  private static void run(BenchSubject subject, BenchOptions options) {
    BenchResult result = Bench.run(subject, options, (_, _, _) -> {}, SECONDS);
    assertThat(result.schemes()).isNotEmpty();
  }

  private static BenchOptions options(List<Scheme> schemes, int prompt, int rounds) {
    return options(schemes, prompt, rounds, Execution.INTEGER);
  }

  private static BenchOptions options(
      List<Scheme> schemes, int prompt, int rounds, Execution execution) {
    return options(schemes, prompt, rounds, execution, Device.CPU);
  }

  private static BenchOptions options(
      List<Scheme> schemes, int prompt, int rounds, Execution execution, Device device) {
    return new BenchOptions(
        schemes, Precision.FP32, execution, false, prompt, 8, 4, rounds, 2, device);
  }
}
