package org.bitatlas.eval.prompt;

import java.util.Optional;

/**
 * Which splits a data set has for which purpose, as lm-evaluation-harness names them.
 *
 * @param training training split
 * @param validation validation split
 * @param test test split
 */
public record Splits(
    Optional<String> training, Optional<String> validation, Optional<String> test) {

  /** The split that is asked. */
  public String asked() {
    return test.or(() -> validation).or(() -> training).orElseThrow();
  }

  /** Where examples come from when the task does not say it. */
  public String examples() {
    return training.or(() -> validation).or(() -> test).orElseThrow();
  }
}
