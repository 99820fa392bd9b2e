package org.bitatlas.eval.task;

import java.util.Optional;
import java.util.SequencedMap;
import org.bitatlas.tokenizer.ThinkingMode;

/**
 * Most new tokens of a reply by thinking mode, the end token included.
 *
 * @param tokens the budgets, at least one
 */
public record Budgets(SequencedMap<ThinkingMode, Integer> tokens) {

  /**
   * The budget of a mode.
   *
   * @param mode empty for a model without thinking, which gets the budget of no_think, or the
   *     largest when there is none
   */
  public int of(Optional<ThinkingMode> mode) {
    Integer budget = tokens.get(mode.orElse(ThinkingMode.NO_THINK));
    if (budget != null) {
      return budget;
    }
    return tokens.values().stream().mapToInt(Integer::intValue).max().orElse(0);
  }

  @Override
  public String toString() {
    return tokens.toString();
  }
}
