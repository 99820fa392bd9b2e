package org.bitatlas.quant.calibration;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.bitatlas.tensor.BitAtlasException;

/**
 * How the rows of WikiText become one text. A row is a line with its line end, or empty where the
 * line is blank, as the Hugging Face data set has them.
 */
public enum Joining {
  /** A blank line between any two rows. IST-DASLab/gptq and GPTAQ. */
  BLANK_LINE("blank-line"),
  /** A space between any two rows. BiLLM and SliM-LLM. */
  SPACE("space"),
  /** As {@link #BLANK_LINE} with each row stripped. FlatQuant, whose filter keeps empty rows. */
  STRIPPED("stripped"),
  /** As {@link #STRIPPED} without the empty rows. */
  PARAGRAPHS("paragraphs");

  private final String id;

  Joining(String id) {
    this.id = id;
  }

  /** Name in options, for example {@code blank-line}. */
  public String id() {
    return id;
  }

  /**
   * The joining of a name.
   *
   * @throws BitAtlasException naming the known ones
   */
  public static Joining named(String id) {
    return Arrays.stream(values())
        .filter(joining -> joining.id.equals(id))
        .findFirst()
        .orElseThrow(() ->
            new BitAtlasException(
                "'%s' is no way to join the rows of WikiText; there are %s."
                    .formatted(
                        id,
                        Arrays.stream(values())
                            .map(Joining::id)
                            .collect(Collectors.joining(", ")))));
  }

  /** The rows as one text. */
  String join(List<String> rows) {
    return switch (this) {
      case BLANK_LINE -> String.join("\n\n", rows);
      case SPACE -> String.join(" ", rows);
      case STRIPPED -> String.join("\n\n", rows.stream().map(PythonText::strip).toList());
      case PARAGRAPHS ->
          String.join(
              "\n\n", rows.stream().map(PythonText::strip).filter(row -> !row.isEmpty()).toList());
    };
  }
}
