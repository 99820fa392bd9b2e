package org.bitatlas.eval.prompt;

import java.util.List;

/**
 * A record as it is asked.
 *
 * @param index position among all records of the task, from 0
 * @param subject part of the data set; empty where there is one
 * @param before description and solved examples
 * @param question the question; empty where the choices are contexts
 * @param choices the choices, none for a task whose answer is a text
 * @param target the right answer
 * @param document the record, processed
 */
public record Prompt(
    int index,
    String subject,
    String before,
    String question,
    List<String> choices,
    Target target,
    Document document) {

  /** All text in front of the answer; where the choices are contexts, in front of them. */
  public String context() {
    return before + question;
  }
}
