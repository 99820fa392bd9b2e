package org.bitatlas.study.findings;

import java.util.List;
import org.bitatlas.study.findings.Finding.Evidence;
import org.bitatlas.study.map.Check.Answer;

/**
 * What a paper found, before it is looked for in a study.
 *
 * @param id short name
 * @param source the paper, as an arXiv number
 * @param statement the statement
 * @param test the statistical test that decides
 */
record Claim(String id, String source, String statement, String test) {

  Finding answered(Answer answer, String sentence, List<Evidence> evidence, List<String> missing) {
    return new Finding(
        id,
        source,
        statement,
        answer,
        sentence,
        test,
        List.copyOf(evidence),
        answer == Answer.NOT_ENOUGH_DATA ? missing.stream().distinct().toList() : List.of());
  }

  /** The parts of some evidence that give an answer. */
  static List<Evidence> parts(List<Evidence> evidence, Answer answer) {
    return evidence.stream().filter(part -> part.answer() == answer).toList();
  }

  /** An answer that nothing in the study speaks to. */
  Finding without(String missing) {
    return answered(
        Answer.NOT_ENOUGH_DATA, "Nothing in this study speaks to it.", List.of(), List.of(missing));
  }
}
