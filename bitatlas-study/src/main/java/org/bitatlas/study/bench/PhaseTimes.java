package org.bitatlas.study.bench;

import java.util.Collections;
import java.util.EnumMap;
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
