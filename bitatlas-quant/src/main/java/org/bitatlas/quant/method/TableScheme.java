package org.bitatlas.quant.method;

import java.util.Optional;
import org.bitatlas.tensor.BitAtlasException;

/**
 * How the embedding or the head, both [V x D], is stored: float, or a symmetric grid rounded to
 * nearest.
 *
 * @param bits 4 to 8; 16 for float
 * @param groupSize columns that share a scale; 0 for one scale per row
 */
public record TableScheme(int bits, int groupSize) {

  /** As the checkpoint has it; the papers' default. */
  public static final TableScheme FLOAT = new TableScheme(16, 0);

  /** 8 bits, one scale per row. */
  public static final TableScheme ROWS_OF_8_BITS = new TableScheme(8, 0);

  /**
   * Checks the ranges.
   *
   * @throws BitAtlasException when bits or group size is out of range
   */
  public TableScheme {
    if (bits != 16 && (bits < 4 || bits > 8)) {
      throw new BitAtlasException(
          "An embedding or head has " + bits + " bits; give float, 8, or 4 to 6 with a group.");
    }
    if (groupSize < 0) {
      throw new BitAtlasException(
          "An embedding or head has group size " + groupSize + "; give 0 or more columns.");
    }
  }

  /**
   * Reads {@code float}, {@code 8} or {@code 4g32}: bits, and after a {@code g} the group size.
   *
   * @param option name of the option, for the error message
   * @throws BitAtlasException when the text has another form
   */
  public static TableScheme parse(String text, String option) {
    if (text.equals("float") || text.equals("16")) {
      return FLOAT;
    }
    if (text.matches("\\d{1,2}(g\\d{1,6})?")) {
      String[] parts = text.split("g", 2);
      return new TableScheme(
          Integer.parseInt(parts[0]), parts.length == 2 ? Integer.parseInt(parts[1]) : 0);
    }
    throw new BitAtlasException(
        "A recipe has %s '%s'; give float, 8, or bits with a group such as 4g32."
            .formatted(option, text));
  }

  /** The grid; empty for float. */
  public Optional<WeightScheme> weights() {
    return bits == 16
        ? Optional.empty()
        : Optional.of(WeightScheme.of(bits, groupSize, Grid.QUAROT_SYMMETRIC));
  }

  /** What {@link #parse} reads. */
  public String id() {
    return bits == 16 ? "float" : bits + (groupSize == 0 ? "" : "g" + groupSize);
  }
}
