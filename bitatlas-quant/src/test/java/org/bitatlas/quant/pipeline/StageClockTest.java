package org.bitatlas.quant.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.bitatlas.quant.plan.Stage;
import org.junit.jupiter.api.Test;

class StageClockTest {

  private static void pass(long milliseconds) {
    long end = System.nanoTime() + milliseconds * 1_000_000;
    while (System.nanoTime() < end) {
      LockSupport.parkNanos(end - System.nanoTime());
    }
  }

  @Test
  void aStageInsideAnotherTakesItsTimeFromIt() {
    StageClock clock = new StageClock();
    long start = System.nanoTime();
    clock.time(
        Stage.SWEEP,
        () -> {
          pass(5);
          clock.time(Stage.FACTOR, () -> pass(40));
          clock.time(Stage.FACTOR, () -> pass(40));
          pass(5);
        });
    Duration all = Duration.ofNanos(System.nanoTime() - start);

    assertThat(clock.times()).containsOnlyKeys(Stage.SWEEP, Stage.FACTOR);
    assertThat(clock.times().get(Stage.FACTOR)).isGreaterThanOrEqualTo(Duration.ofMillis(80));
    assertThat(clock.times().get(Stage.SWEEP)).isGreaterThanOrEqualTo(Duration.ofMillis(10));
    assertThat(clock.times().get(Stage.SWEEP).plus(clock.times().get(Stage.FACTOR)))
        .isLessThanOrEqualTo(all);
  }
}
