package org.bitatlas.cli;

import java.util.Optional;
import java.util.OptionalInt;
import picocli.CommandLine.Option;

/** A budget for the thinking of a reply, apart from that of its answer. */
final class ThinkingBudgetOption {

  @Option(
      names = "--thinking-budget",
      paramLabel = "N",
      description =
          "Close the thinking after N tokens; the answer then has its budget for itself"
              + " (default: one budget for both).")
  Optional<Integer> asked = Optional.empty();

  /** Tokens of thinking; empty where they count as the answer does. */
  OptionalInt tokens() {
    if (asked.isPresent() && asked.get() < 0) {
      throw new UsageException("--thinking-budget is " + asked.get() + "; give at least 0.");
    }
    return asked.map(OptionalInt::of).orElse(OptionalInt.empty());
  }
}
