package org.bitatlas.quant.plan;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;

/**
 * What a machine does in a second, all threads together.
 *
 * @param threads threads that work
 * @param share of the threads' time that the measurement got, 0 to 1: other programs took the rest
 * @param perSecond amount per second of every kernel, in its unit
 */
public record KernelRates(int threads, double share, Map<Kernel, Double> perSecond) {

  /** Checks that every kernel has a rate. */
  public KernelRates {
    for (Kernel kernel : Kernel.values()) {
      Double rate = perSecond.get(kernel);
      if (rate == null || !(rate > 0)) {
        throw new IllegalArgumentException("no rate of " + kernel);
      }
    }
    perSecond = Collections.unmodifiableMap(new EnumMap<>(perSecond));
  }

  /** Amount per second. */
  public double of(Kernel kernel) {
    return Objects.requireNonNull(perSecond.get(kernel));
  }

  /** Seconds that some work takes. */
  public double seconds(Work work) {
    return work.amount() / of(work.kernel());
  }
}
