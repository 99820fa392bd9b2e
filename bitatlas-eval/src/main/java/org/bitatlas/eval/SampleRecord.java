package org.bitatlas.eval;

import java.util.SequencedMap;

/**
 * One item as it was asked and answered.
 *
 * @param index position in the suite
 * @param promptDigest SHA-256 of the prompt's token ids
 * @param prompt what the user message or context was
 * @param expected the expected answer
 * @param output what the model wrote (with the thinking span), or the chosen option
 * @param answer what was scored, empty when none was found
 * @param correct the verdict
 * @param generatedTokens number of generated tokens, 0 for scoring tasks
 * @param outcome how the generation ended: CLOSED, UNCLOSED, TRUNCATED, NO_ANSWER, SCORED,
 *     NON_FINITE
 * @param measures further numbers by name (log-likelihoods, steps)
 */
public record SampleRecord(
    int index,
    String promptDigest,
    String prompt,
    String expected,
    String output,
    String answer,
    boolean correct,
    int generatedTokens,
    String outcome,
    SequencedMap<String, Double> measures) {

  /** A measure by name, NaN when this record does not have it. */
  public double measure(String name) {
    Double value = measures.get(name);
    return value == null ? Double.NaN : value;
  }
}
