package org.bitatlas.study.bench;

import java.util.List;
import org.bitatlas.tensor.ElementType;

/**
 * A finished bench.
 *
 * @param run what all schemes share
 * @param schemes one result per scheme
 */
public record BenchResult(BenchRun run, List<SchemeResult> schemes) {

  /** Bytes per second of reading memory. */
  public Spread bandwidth() {
    return Spread.of(run.limits().stream().mapToDouble(Limits::bytesPerSecond).toArray());
  }

  /** Operations per second of oneDNN's products; none for a type it has no kernels for. */
  public Spread peak(ElementType type) {
    return Spread.of(
        run.limits().stream()
            .filter(limits -> limits.peak(type).isPresent())
            .mapToDouble(limits -> limits.peak(type).getAsDouble())
            .toArray());
  }
}
