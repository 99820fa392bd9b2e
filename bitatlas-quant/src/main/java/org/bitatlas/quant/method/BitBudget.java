package org.bitatlas.quant.method;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bitatlas.tensor.BitAtlasException;

/** What an allocation of bits may cost. */
public sealed interface BitBudget {

  /**
   * As many bytes as the same layers take where all have this many bits, with the recipe's group
   * size and all that is stored beside the codes; between two whole numbers in proportion.
   *
   * @param bits 2 to 8
   */
  record Bits(double bits) implements BitBudget {
    /** Checks the range. */
    public Bits {
      if (!(bits >= 2 && bits <= 8)) {
        throw new BitAtlasException(
            "A recipe has a budget of %s bits; give 2 to 8, or bytes such as 2.5MiB."
                .formatted(bits));
      }
    }

    @Override
    public String id() {
      return Double.toString(bits);
    }
  }

  /**
   * Bytes of all tensors of the whole model, float parts included.
   *
   * @param bytes more than 0
   */
  record Bytes(long bytes) implements BitBudget {
    /** Checks the range. */
    public Bytes {
      if (bytes <= 0) {
        throw new BitAtlasException("A recipe has a budget of " + bytes + " bytes; give more.");
      }
    }

    @Override
    public String id() {
      return bytes + "B";
    }
  }

  /**
   * Time: as long as a decoded token may take on the recipe's target for so many of them a second,
   * as it is predicted there.
   *
   * @param tokensPerSecond more than 0
   */
  record Speed(double tokensPerSecond) implements BitBudget {
    /** Checks the range. */
    public Speed {
      if (!(tokensPerSecond > 0 && Double.isFinite(tokensPerSecond))) {
        throw new BitAtlasException(
            "A recipe has a budget of %s tokens a second; give more than 0."
                .formatted(tokensPerSecond));
      }
    }

    /** Seconds that a decoded token may take. */
    public double seconds() {
      return 1 / tokensPerSecond;
    }

    @Override
    public String id() {
      return tokensPerSecond + "tok/s";
    }
  }

  /** What {@link #parse} reads. */
  String id();

  /**
   * Reads {@code 3.0}, bits per weight, {@code 2500000B}, {@code 2.5MiB}, {@code 3GiB}, or {@code
   * 18 tok/s}.
   *
   * @throws BitAtlasException when the text has another form
   */
  static BitBudget parse(String text) {
    Matcher matcher =
        Pattern.compile("(\\d+(?:\\.\\d+)?)\\s*(b|kib|mib|gib|tok(?:ens)?/s)?")
            .matcher(text.trim().toLowerCase(Locale.ROOT));
    if (!matcher.matches()) {
      throw new BitAtlasException(
          "A recipe has the budget '%s'; give bits per weight such as 3.0, bytes such as 2.5MiB, or a speed such as 18 tok/s."
              .formatted(text));
    }
    double number = Double.parseDouble(matcher.group(1));
    String unit = matcher.group(2);
    if (unit == null) {
      return new Bits(number);
    }
    if (unit.startsWith("tok")) {
      return new Speed(number);
    }
    int shift =
        switch (unit) {
          case "kib" -> 10;
          case "mib" -> 20;
          case "gib" -> 30;
          default -> 0;
        };
    return new Bytes(Math.round(Math.scalb(number, shift)));
  }
}
