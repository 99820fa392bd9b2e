package org.bitatlas.study.findings;

import java.util.List;
import org.bitatlas.study.map.Check;

/**
 * A finding of a paper with this study's answer.
 *
 * @param id short name, the same in every report, for example {@code eight-bits-lossless}
 * @param source the paper, as an arXiv number
 * @param statement what the paper found, as a statement that may be true here or not
 * @param answer whether it is true here
 * @param sentence the answer in a sentence with its figures
 * @param test the statistical test that decides, and what makes it say yes and no
 * @param evidence what the answer rests on, part by part
 * @param missing what it would take to answer; empty unless the answer is NOT_ENOUGH_DATA
 */
public record Finding(
    String id,
    String source,
    String statement,
    Check.Answer answer,
    String sentence,
    String test,
    List<Evidence> evidence,
    List<String> missing) {

  /**
   * A part of the evidence.
   *
   * @param subject what it is about, for example {@code GPTQ W8 on gsm_nano slow_think}
   * @param answer what this part says of the statement
   * @param figures the numbers
   * @param records keys of the records that hold them
   */
  public record Evidence(
      String subject, Check.Answer answer, String figures, List<String> records) {}

  /** Keys of all records that the answer rests on, each once. */
  public List<String> records() {
    return evidence.stream().flatMap(part -> part.records().stream()).distinct().toList();
  }
}
