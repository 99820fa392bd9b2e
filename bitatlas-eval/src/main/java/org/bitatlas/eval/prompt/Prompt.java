package org.bitatlas.eval.prompt;

import java.util.List;
import java.util.stream.Stream;

/**
 * A record as it is asked.
 *
 * @param index position among all records of the task, from 0
 * @param subject part of the data set; empty where there is one
 * @param before description and solved examples
 * @param asked the question, with the start of its answer; none where the choices are contexts
 * @param choices the choices, none for a task whose answer is a text
 * @param target the right answer
 * @param document the record, processed
 */
public record Prompt(
    int index,
    String subject,
    List<Turn> before,
    List<Turn> asked,
    List<String> choices,
    Target target,
    Document document) {

  /** All text in front of the answer; where the choices are contexts, in front of them. */
  public String context() {
    return Turn.text(before) + question();
  }

  /** The question as one text; empty where the choices are contexts. */
  public String question() {
    return Turn.text(asked);
  }

  /** All in front of the answer. */
  public List<Turn> turns() {
    return Stream.concat(before.stream(), asked.stream()).toList();
  }

  /** All in front of the answer, where the choices are contexts and this is one of them. */
  public List<Turn> turns(String choice) {
    return Stream.concat(before.stream(), Stream.of(Turn.user(choice, ""))).toList();
  }
}
