package org.bitatlas.eval.metric;

import java.math.BigDecimal;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Numbers as Python's {@code float} reads and writes them. */
final class PythonFloat {

  private static final String DIGITS = "\\p{Nd}(?:_?\\p{Nd})*";
  private static final Pattern NUMBER =
      Pattern.compile("[+-]?(?:%1$s\\.?(?:%1$s)?|\\.%1$s)(?:[eE][+-]?%1$s)?".formatted(DIGITS));
  private static final Pattern NOT_FINITE =
      Pattern.compile("([+-]?)(?:(inf|infinity)|nan)", Pattern.CASE_INSENSITIVE);

  private PythonFloat() {}

  /** The number that a text is, empty when Python would raise. */
  static Optional<Double> of(String text) {
    String stripped = Whitespace.strip(text);
    if (NUMBER.matcher(stripped).matches()) {
      return Optional.of(Double.valueOf(ascii(stripped.replace("_", ""))));
    }
    Matcher notFinite = NOT_FINITE.matcher(stripped);
    if (!notFinite.matches()) {
      return Optional.empty();
    }
    if (notFinite.group(2) == null) {
      return Optional.of(Double.NaN);
    }
    return Optional.of(
        notFinite.group(1).equals("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY);
  }

  private static String ascii(String number) {
    StringBuilder ascii = new StringBuilder();
    number
        .codePoints()
        .forEach(c ->
            ascii.append(Character.isDigit(c) ? (char) ('0' + Character.digit(c, 10)) : (char) c));
    return ascii.toString();
  }

  /** The number as {@code str} writes it: 5.0, 1e+16, 1.5e-05, nan. */
  static String text(double number) {
    if (Double.isNaN(number)) {
      return "nan";
    }
    if (Double.isInfinite(number)) {
      return number > 0 ? "inf" : "-inf";
    }
    double size = Math.abs(number);
    BigDecimal shortest = new BigDecimal(Double.toString(number));
    if (size == 0 || size >= 1e-4 && size < 1e16) {
      String plain = shortest.stripTrailingZeros().toPlainString();
      String signed = size == 0 && 1 / number < 0 ? "-0" : plain;
      return signed.contains(".") ? signed : signed + ".0";
    }
    BigDecimal shorter = shortest.stripTrailingZeros();
    int exponent = shorter.precision() - shorter.scale() - 1;
    String digits = shorter.movePointLeft(exponent).stripTrailingZeros().toPlainString();
    return "%se%s%02d".formatted(digits, exponent < 0 ? "-" : "+", Math.abs(exponent));
  }
}
