package org.bitatlas.quant.pipeline;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.Supplier;
import org.bitatlas.quant.plan.Stage;

/**
 * Time of the stages of a job as it passes on the wall, for the comparison with a plan. Used by the
 * one thread that leads through the blocks; a stage inside another takes its time from it.
 */
final class StageClock {

  private final Map<Stage, Long> nanoseconds = new EnumMap<>(Stage.class);
  private long inner;

  /** Runs work that belongs to a stage. */
  <T> T time(Stage stage, Supplier<T> work) {
    long outer = inner;
    inner = 0;
    long start = System.nanoTime();
    try {
      return work.get();
    } finally {
      long elapsed = System.nanoTime() - start;
      nanoseconds.merge(stage, elapsed - inner, Long::sum);
      inner = outer + elapsed;
    }
  }

  /** Runs work that belongs to a stage. */
  void time(Stage stage, Runnable work) {
    time(
        stage,
        () -> {
          work.run();
          return true;
        });
  }

  /** Time of every stage that took any. */
  Map<Stage, Duration> times() {
    Map<Stage, Duration> times = new EnumMap<>(Stage.class);
    nanoseconds.forEach((stage, time) -> times.put(stage, Duration.ofNanos(time)));
    return times;
  }
}
