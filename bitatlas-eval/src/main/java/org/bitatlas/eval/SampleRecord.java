package org.bitatlas.eval;

import java.util.Objects;
import java.util.SequencedMap;

/**
 * One item as it was asked and answered.
 *
 * @param index position in the suite
 * @param promptDigest SHA-256 of the prompt's token ids
 * @param prompt what the user message or context was
 * @param expected the expected answer
 * @param output what the model wrote (with the thinking span), or the chosen option; for a text the
 *     distance of its tokens to the float model, where it was measured
 * @param answer what was scored, empty when none was found
 * @param correct the verdict
 * @param generatedTokens number of generated tokens, 0 for scoring tasks
 * @param outcome how the generation ended: CLOSED, UNCLOSED, TRUNCATED, NO_ANSWER, SCORED,
 *     NON_FINITE
 * @param measures further numbers by name (log-likelihoods, steps)
 * @param cluster what the item belongs to (a subject, a passage): items of one cluster are not
 *     independent; empty for an item that stands alone
 * @param repetition which of several replies to the item this is, from 0
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
    SequencedMap<String, Double> measures,
    String cluster,
    int repetition) {

  /** Records of a version that did not know clusters have none. */
  public SampleRecord {
    cluster = Objects.requireNonNullElse(cluster, "");
  }

  /** An item that stands alone and was answered once. */
  public SampleRecord(
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
    this(
        index,
        promptDigest,
        prompt,
        expected,
        output,
        answer,
        correct,
        generatedTokens,
        outcome,
        measures,
        "",
        0);
  }

  /** This record as part of a cluster. */
  public SampleRecord in(String itsCluster) {
    return with(itsCluster, repetition);
  }

  /** This record as one of several replies. */
  public SampleRecord repeated(int which) {
    return with(cluster, which);
  }

  private SampleRecord with(String itsCluster, int which) {
    return new SampleRecord(
        index,
        promptDigest,
        prompt,
        expected,
        output,
        answer,
        correct,
        generatedTokens,
        outcome,
        measures,
        itsCluster,
        which);
  }

  /** What is drawn together in a bootstrap: the cluster, or else the item with its repetitions. */
  public String unit() {
    return cluster.isEmpty() ? Integer.toString(index) : "cluster " + cluster;
  }

  /** A measure by name, NaN when this record does not have it. */
  public double measure(String name) {
    Double value = measures.get(name);
    return value == null ? Double.NaN : value;
  }
}
