package org.bitatlas.eval;

import java.util.Optional;
import java.util.OptionalInt;
import org.bitatlas.tensor.BitAtlasException;

/**
 * How a task is run.
 *
 * @param limit asks only the first items; empty for all
 * @param chunkSize items (or perplexity windows) of the first call of the model; each further call
 *     takes twice as many. Part of a result's key, because a cell can only end early between calls
 * @param collapse when a cell ends early; empty for never
 * @param thinkingTokens budget of the thinking of a reply, whose answer then has the task's budget
 *     for itself; empty where the task's budget is for both
 */
public record RunOptions(
    OptionalInt limit, int chunkSize, Optional<CollapseRule> collapse, OptionalInt thinkingTokens) {

  /** One budget for thinking and answer. */
  public RunOptions(OptionalInt limit, int chunkSize, Optional<CollapseRule> collapse) {
    this(limit, chunkSize, collapse, OptionalInt.empty());
  }

  /** All items, no early end. */
  public static final RunOptions ALL = new RunOptions(OptionalInt.empty(), 128, Optional.empty());

  /** Checks the ranges. */
  public RunOptions {
    if (chunkSize < 1) {
      throw new BitAtlasException("The chunk size is " + chunkSize + "; it must be at least 1.");
    }
    if (limit.isPresent() && limit.getAsInt() < 1) {
      throw new BitAtlasException(
          "The limit of items is " + limit.getAsInt() + "; it must be at least 1.");
    }
  }

  /** These options with another limit of items; empty for all. */
  public RunOptions limitedTo(OptionalInt items) {
    return new RunOptions(items, chunkSize, collapse, thinkingTokens);
  }
}
