package org.bitatlas.study;

import java.util.Optional;
import org.bitatlas.quant.calibration.Joining;
import org.bitatlas.tokenizer.ThinkingMode;

/**
 * Calibration of a study, the same for every method.
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
}
