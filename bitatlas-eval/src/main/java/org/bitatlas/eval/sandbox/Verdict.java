package org.bitatlas.eval.sandbox;

/**
 * How a program did.
 *
 * @param outcome the verdict
 * @param detail why, in a few words; empty for PASS
 * @param output the first few kilobytes that the program printed
 */
public record Verdict(Outcome outcome, String detail, String output) {

  /** The ways a run can end. Only PASS counts for the program. */
  public enum Outcome {
    /** All checks held. */
    PASS,
    /** A check did not hold. */
    ASSERT,
    /** The program or a check raised something else. */
    EXCEPTION,
    /** The program is not Python. */
    SYNTAX,
    /** The time was up. */
    TIMEOUT,
    /** The memory was used up. */
    MEMORY,
    /** The program ended itself, or the system ended it, before all checks were done. */
    KILLED,
    /** The sandbox failed; says nothing about the program. */
    SANDBOX_ERROR
  }

  /** Whether all checks held. */
  public boolean passed() {
    return outcome == Outcome.PASS;
  }
}
