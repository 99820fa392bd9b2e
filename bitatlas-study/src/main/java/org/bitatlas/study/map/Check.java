package org.bitatlas.study.map;

/**
 * A statement about the map with its answer.
 *
 * @param statement what is claimed
 * @param answer whether it holds
 * @param numbers the numbers the answer rests on
 */
public record Check(String statement, Answer answer, String numbers) {

  /** An answer. */
  public enum Answer {
    YES,
    NO,
    NOT_ENOUGH_DATA
  }
}
