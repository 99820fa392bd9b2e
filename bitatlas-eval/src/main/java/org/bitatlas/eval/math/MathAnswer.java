package org.bitatlas.eval.math;

import java.util.Optional;

/**
 * The answer of a text, as mathematics where it can be read.
 *
 * @param value what it says; empty where no candidate can be read
 * @param written the first candidate as it is written; empty where there is none
 */
public record MathAnswer(Optional<MathExpression> value, String written) {

  /**
   * Finds the answer of a text: of a reply of a model, or an expected answer in a formula, as in
   * {@code $\frac{1}{2}$}.
   */
  public static MathAnswer of(String text) {
    return AnswerExtraction.of(text);
  }

  /** Whether anything was found. */
  public boolean found() {
    return value.isPresent() || !written.isEmpty();
  }

  /**
   * Whether {@code reply} gives this expected answer. Not symmetric: 5 answers x = 5, but y = 5
   * does not.
   */
  public boolean isGivenBy(MathAnswer reply) {
    boolean equal =
        value.isPresent()
            && reply.value.isPresent()
            && MathEquality.equal(value.get(), reply.value.get());
    return equal || !written.isBlank() && written.strip().equals(reply.written.strip());
  }
}
