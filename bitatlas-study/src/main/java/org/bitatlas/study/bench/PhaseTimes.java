package org.bitatlas.study.bench;

import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.bitatlas.model.Phase;

/**
 * Time by phase; the phases add up to the whole.
 *
 * @param nanoseconds of every phase
 */
public record PhaseTimes(Map<Phase, Long> nanoseconds) {

  /** Takes a copy, with 0 for phases that are not named. */
  public PhaseTimes {
    Map<Phase, Long> all = new EnumMap<>(Phase.class);
    for (Phase phase : Phase.values()) {
      all.put(phase, nanoseconds.getOrDefault(phase, 0L));
    }
    nanoseconds = Collections.unmodifiableMap(all);
  }

  /** Every phase's mean over several runs, at least one. */
  static PhaseTimes mean(List<PhaseTimes> runs) {
    Map<Phase, Long> sums = new EnumMap<>(Phase.class);
    runs.forEach(
        run -> run.nanoseconds.forEach((phase, time) -> sums.merge(phase, time, Long::sum)));
    sums.replaceAll((_, sum) -> sum / runs.size());
    return new PhaseTimes(sums);
  }

  /** Seconds of all phases. */
  public double seconds() {
    return nanoseconds.values().stream().mapToLong(Long::longValue).sum() * 1e-9;
  }

  /** Seconds of a phase. */
  public double seconds(Phase phase) {
    return nanoseconds.getOrDefault(phase, 0L) * 1e-9;
  }

  /** Share of a phase in the whole, 0 to 1. */
  public double share(Phase phase) {
    return seconds() == 0 ? 0 : seconds(phase) / seconds();
  }
}
