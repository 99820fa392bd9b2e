package org.bitatlas.format;

import org.bitatlas.tensor.BitAtlasException;

/** A checkpoint that a format has no place for. */
public final class FormatRefusal extends BitAtlasException {

  private FormatRefusal(String message) {
    super(message);
  }

  /**
   * A refusal.
   *
   * @param what the layer or part, for example a module name
   * @param reason why the format cannot hold it, and what to do; continues "because "
   */
  public static FormatRefusal of(FormatName format, String what, String reason) {
    return new FormatRefusal(
        "The format %s cannot hold %s, because %s.".formatted(format.label(), what, reason));
  }
}
