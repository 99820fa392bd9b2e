package org.bitatlas.study;

import java.util.Optional;
import org.bitatlas.quant.calibration.Joining;
import org.bitatlas.tokenizer.ThinkingMode;

/**
 * Calibration of a study, the same for every row that does not name its own.
 *
 * @param source {@code nano} for the embedded texts, a JSONL or text file, or a kind and a file as
 *     {@link org.bitatlas.quant.calibration.CalibrationSource#SYNTAX} says
 * @param samples number of sequences
 * @param length tokens per sequence
 * @param seed seed of the choice of sequences
 * @param mode thinking mode of a chat source
 * @param join joining of the rows of a WikiText source
 */
public record CalibrationSpec(
    String source,
    int samples,
    int length,
    long seed,
    Optional<ThinkingMode> mode,
    Optional<Joining> join) {

  /** A calibration without options of its source. */
  public CalibrationSpec(String source, int samples, int length, long seed) {
    this(source, samples, length, seed, Optional.empty(), Optional.empty());
  }

  /** In words, for example {@code chat:nano no_think, 32 sequences of 256 tokens, seed 0}. */
  public String words() {
    return "%s, %d sequences of %d tokens, seed %d".formatted(texts(), samples, length, seed);
  }

  /**
   * What a row that has this calibration in place of its study's is called by: the texts, and
   * whatever else differs.
   */
  String label(CalibrationSpec study) {
    StringBuilder label = new StringBuilder("on ").append(texts());
    if (samples != study.samples || length != study.length) {
      label.append(' ').append(samples).append('x').append(length);
    }
    if (seed != study.seed) {
      label.append(" seed ").append(seed);
    }
    return label.toString();
  }

  private String texts() {
    return source
        + mode.map(known -> " " + known.id()).orElse("")
        + join.map(known -> " joined by " + known.id()).orElse("");
  }
}
