package org.bitatlas.kernel;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** Which kernel each operator of a model ran on, how often and how long. */
public final class KernelTrace {

  private final Map<Operator, Counter> counters = new ConcurrentHashMap<>();

  /** An operator of one shape on one kernel. */
  private record Operator(
      String name, int outputFeatures, int inputFeatures, KernelChoice choice) {}

  /**
   * What one operator did.
   *
   * @param operator its name, for example {@code q_proj, k_proj, v_proj}
   * @param outputFeatures N
   * @param inputFeatures K
   * @param choice the kernel
   * @param calls calls, over all blocks
   * @param rows rows of activations in all calls
   * @param nanoseconds time in all calls, quantization of activations included; of several threads
   *     the sum
   */
  public record Use(
      String operator,
      int outputFeatures,
      int inputFeatures,
      KernelChoice choice,
      long calls,
      long rows,
      long nanoseconds) {}

  /** Counts the calls of an operator. */
  public static final class Counter {
    private final LongAdder calls = new LongAdder();
    private final LongAdder rows = new LongAdder();
    private final LongAdder nanoseconds = new LongAdder();

    private Counter() {}

    /** A call with this many rows that took this long. */
    public void add(int moreRows, long moreNanoseconds) {
      calls.increment();
      rows.add(moreRows);
      nanoseconds.add(moreNanoseconds);
    }
  }

  /** A trace of nothing yet. */
  public KernelTrace() {}

  /** The counter of an operator; blocks share it where name, shape and kernel are the same. */
  public Counter counter(
      String operator, int outputFeatures, int inputFeatures, KernelChoice choice) {
    return counters.computeIfAbsent(
        new Operator(operator, outputFeatures, inputFeatures, choice), _ -> new Counter());
  }

  /** All operators that were called, longest first. */
  public List<Use> uses() {
    return counters.entrySet().stream()
        .map(entry -> use(entry.getKey(), entry.getValue()))
        .filter(use -> use.calls() > 0)
        .sorted(
            Comparator.comparingLong(Use::nanoseconds)
                .reversed()
                .thenComparing(Use::operator)
                .thenComparing(use -> use.choice().toString()))
        .toList();
  }

  private static Use use(Operator operator, Counter counter) {
    return new Use(
        operator.name,
        operator.outputFeatures,
        operator.inputFeatures,
        operator.choice,
        counter.calls.sum(),
        counter.rows.sum(),
        counter.nanoseconds.sum());
  }
}
