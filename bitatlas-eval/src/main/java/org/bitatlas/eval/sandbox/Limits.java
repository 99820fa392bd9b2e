package org.bitatlas.eval.sandbox;

/**
 * What a program may use.
 *
 * @param processorSeconds processor time of the program
 * @param wallSeconds time on the clock from the start of the program, its checks included
 * @param memoryBytes address space of each process
 * @param scratchBytes files in its one writable folder
 */
public record Limits(int processorSeconds, int wallSeconds, long memoryBytes, long scratchBytes) {

  /**
   * Three seconds of processor time, as human-eval and lm-evaluation-harness give on the clock;
   * four times that on the clock, so that a busy machine does not fail a program.
   */
  public static final Limits DEFAULT = new Limits(3, 12, 1L << 30, 16L << 20);

  /**
   * For a program that is called with a hundred inputs, as EvalPlus gives it: a minute on the clock
   * there, two here because the reference solution runs in it too, and four gigabytes.
   */
  public static final Limits EVALPLUS = new Limits(30, 120, 4L << 30, 16L << 20);

  /** Checks the ranges. */
  public Limits {
    if (processorSeconds < 1 || wallSeconds < processorSeconds) {
      throw new IllegalArgumentException(
          "%d s of processor time in %d s".formatted(processorSeconds, wallSeconds));
    }
    if (memoryBytes < 1 || scratchBytes < 1) {
      throw new IllegalArgumentException("%d and %d bytes".formatted(memoryBytes, scratchBytes));
    }
  }
}
