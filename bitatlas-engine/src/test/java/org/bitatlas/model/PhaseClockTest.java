package org.bitatlas.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.bitatlas.generate.GenerationRequest;
import org.bitatlas.generate.Sampling;
import org.bitatlas.generate.TransformerLanguageModel;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.scheme.Provenance;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.junit.jupiter.api.Test;

class PhaseClockTest {

  private static final long MILLISECOND = 1_000_000;

  @Test
  void aPhaseInsideAnotherTakesItsTimeFromIt() {
    PhaseClock clock = new PhaseClock();
    long start = System.nanoTime();
    int result =
        clock.during(() ->
            PhaseClock.time(
                Phase.ATTENTION,
                () -> {
                  pause(5);
                  int inner = PhaseClock.time(Phase.NORM, () -> pause(20));
                  return inner + pause(5);
                }));
    long elapsed = System.nanoTime() - start;
    Map<Phase, Long> times = clock.lap();

    assertThat(result).isEqualTo(25);
    assertThat(times.get(Phase.NORM)).isGreaterThanOrEqualTo(20 * MILLISECOND);
    assertThat(times.get(Phase.ATTENTION)).isGreaterThanOrEqualTo(10 * MILLISECOND);
    assertThat(sum(times)).isLessThanOrEqualTo(elapsed).isGreaterThanOrEqualTo(30 * MILLISECOND);
    assertThat(sum(clock.lap())).isZero();
  }

  @Test
  void aPhaseEndsWhereItsWorkFails() {
    PhaseClock clock = new PhaseClock();
    clock.during(() -> {
      try {
        PhaseClock.time(
            Phase.NORM,
            () -> {
              throw new IllegalStateException("fails");
            });
      } catch (IllegalStateException expected) {
        pause(10);
      }
      return 0;
    });

    assertThat(clock.lap().get(Phase.OTHER)).isGreaterThanOrEqualTo(10 * MILLISECOND);
  }

  @Test
  void nothingIsCountedForOtherThreadsOrWithoutAClock() throws InterruptedException {
    PhaseClock clock = new PhaseClock();
    clock.during(() -> {
      Thread other = Thread.ofPlatform().start(() -> PhaseClock.time(Phase.NORM, () -> pause(1)));
      try {
        other.join();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      return 0;
    });

    assertThat(PhaseClock.<Integer>time(Phase.NORM, () -> pause(1))).isEqualTo(1);
    assertThat(clock.lap().get(Phase.NORM)).isZero();
  }

  @Test
  void theLapsOfAGenerationAddUpToItsTime() {
    Architecture architecture = TinyModel.architecture(0);
    try (TransformerModel model =
        TransformerModel.load(
            architecture, TinyModel.checkpoint(architecture, 1), rounded(), Precision.FP32)) {
      TransformerLanguageModel language = new TransformerLanguageModel(model, 1);
      PhaseClock clock = new PhaseClock();
      List<Long> laps = new ArrayList<>();
      long[] inside = new long[1];
      long start = System.nanoTime();
      Map<Phase, Long> decode =
          clock.during(() -> {
            long begin = System.nanoTime();
            language.stream(
                new GenerationRequest(new int[] {1, 2, 3}, 8, new Sampling.Greedy(), Set.of()),
                token -> {
                  if (laps.isEmpty()) {
                    laps.add(sum(clock.lap()));
                  }
                  return true;
                });
            inside[0] = System.nanoTime() - begin;
            return clock.lap();
          });
      long around = System.nanoTime() - start;
      long told = laps.getFirst() + sum(decode);

      assertThat(decode).containsOnlyKeys(Phase.values());
      assertThat(decode)
          .allSatisfy((phase, time) -> {
            if (phase != Phase.TRANSFORM) {
              assertThat(time).as(phase.name()).isPositive();
            }
          });
      assertThat(laps.getFirst()).isPositive();
      assertThat(told).isBetween(inside[0], around);
    }
  }

  private static QuantizedCheckpoint rounded() {
    QuantizedCheckpoint quantized =
        new QuantizedCheckpoint(
            new LinkedHashMap<>(),
            new Provenance(
                "", "", new LinkedHashMap<>(), new LinkedHashMap<>(), new LinkedHashMap<>()));
    for (int layer : List.of(0, 1)) {
      for (Projection projection : Projection.values()) {
        quantized
            .activations()
            .put(
                projection.module(layer),
                LinearActivations.rounding(ActivationQuantizer.perToken(8, true)));
      }
    }
    return quantized;
  }

  private static long sum(Map<Phase, Long> times) {
    return times.values().stream().mapToLong(Long::longValue).sum();
  }

  private static int pause(int milliseconds) {
    long end = System.nanoTime() + milliseconds * MILLISECOND;
    while (System.nanoTime() < end) {
      LockSupport.parkNanos(end - System.nanoTime());
    }
    return milliseconds;
  }
}
