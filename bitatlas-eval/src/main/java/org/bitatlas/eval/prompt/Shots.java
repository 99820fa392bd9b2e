package org.bitatlas.eval.prompt;

import java.util.List;
import java.util.Optional;

/**
 * The solved examples in front of a question.
 *
 * @param number how many
 * @param order which of the pool
 * @param split split they are taken from; empty for lm-evaluation-harness's rule: training, else
 *     validation, else test
 * @param fixed examples of the task itself, which replace those of a split; empty for none
 * @param delimiter text after each
 */
public record Shots(
    int number, Order order, Optional<String> split, List<Document> fixed, String delimiter) {

  /** Seed of lm-evaluation-harness for drawn examples. */
  public static final int SEED = 1234;

  /** Which examples of the pool are shown. */
  public enum Order {
    /** The first ones, the same for every question. */
    FIRST,
    /** Drawn for every question, by Python's generator with {@link #SEED}. */
    DRAWN
  }

  /** The same with another number. */
  public Shots withNumber(int other) {
    return new Shots(other, order, split, fixed, delimiter);
  }

  /** For reports. */
  public String describe() {
    if (number == 0) {
      return "0-shot";
    }
    return number
        + "-shot ("
        + (order == Order.FIRST ? "the first" : "drawn with seed " + SEED)
        + (fixed.isEmpty() ? split.map(name -> " of " + name).orElse("") : " of the task's own")
        + ")";
  }
}
