package org.bitatlas.quant.calibration;

import java.util.List;
import java.util.SequencedMap;

/**
 * Calibration sequences, identical for every method of a study. Made by {@link CalibrationSets}.
 *
 * @param sequences token ids, one array per sequence; all of the same length
 * @param digest SHA-256 over the token ids, lower-case hexadecimal
 * @param description source, number, length, seed and order, as a person would read it
 */
public record CalibrationSet(
    List<int[]> sequences, String digest, SequencedMap<String, String> description) {

  /** Tokens of one sequence. */
  public int length() {
    return sequences.getFirst().length;
  }
}
