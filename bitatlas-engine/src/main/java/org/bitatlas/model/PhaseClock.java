package org.bitatlas.model;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Splits the time of forward passes into phases. At any moment one phase runs, {@link Phase#OTHER}
 * where none was named, and a phase inside another takes its time from it: so the phases add up to
 * the whole. A change of phase costs two looks at the system's clock; without a clock {@link #time}
 * costs a look at a scoped value.
 *
 * <p>A clock listens to the thread that runs {@link #during} and to no other: work that this thread
 * hands to others counts as long as it waits for them.
 */
public final class PhaseClock {

  private static final ScopedValue<PhaseClock> LISTENING = ScopedValue.newInstance();

  private final long[] nanoseconds = new long[Phase.values().length];
  private Phase running = Phase.OTHER;
  private long since;

  /** A clock that has seen nothing. */
  public PhaseClock() {}

  /** Listens to this thread while {@code work} runs. */
  public <T> T during(Supplier<T> work) {
    since = System.nanoTime();
    running = Phase.OTHER;
    T result = ScopedValue.where(LISTENING, this).call(work::get);
    change(Phase.OTHER);
    return result;
  }

  /** Runs work that belongs to a phase, for the clock that listens to this thread, if any does. */
  public static <T> T time(Phase phase, Supplier<T> work) {
    if (!LISTENING.isBound()) {
      return work.get();
    }
    PhaseClock clock = LISTENING.get();
    Phase outer = clock.change(phase);
    try {
      return work.get();
    } finally {
      clock.change(outer);
    }
  }

  private Phase change(Phase next) {
    long now = System.nanoTime();
    nanoseconds[running.ordinal()] += now - since;
    since = now;
    Phase before = running;
    running = next;
    return before;
  }

  /**
   * What passed since the last call, or since the start; may be called while it listens.
   *
   * @return nanoseconds of every phase, in the order of the phases
   */
  public Map<Phase, Long> lap() {
    if (LISTENING.isBound() && LISTENING.get() == this) {
      change(running);
    }
    Map<Phase, Long> times = new EnumMap<>(Phase.class);
    for (Phase phase : Phase.values()) {
      times.put(phase, nanoseconds[phase.ordinal()]);
    }
    Arrays.fill(nanoseconds, 0);
    return times;
  }
}
