package org.bitatlas.eval.math;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Brings what people write into the LaTeX that {@link LatexParser} reads. */
final class LatexText {

  private record Replacement(Pattern pattern, String by) {

    static Replacement of(String regex, String by) {
      return new Replacement(Pattern.compile(regex), by);
    }

    String apply(String text) {
      return pattern.matcher(text).replaceAll(by);
    }
  }

  private static final List<Replacement> NOTATION =
      List.of(
          Replacement.of("\\\\(?:left|right|big|Big|bigg|Bigg)(?:l|r)?(?![a-zA-Z])\\s*\\.?", ""),
          Replacement.of("\\\\mathrm\\{th\\}|\\\\text\\s*\\{\\s*\\}|\\\\displaystyle", ""),
          Replacement.of("\\\\!\\s*", ""),
          Replacement.of("\\\\[$]|[$]|(?<!\\\\)[\"']", ""),
          Replacement.of(
              "\\\\math(?:rm|it|bf|sf)|\\\\text(?:normal|bf|it|rm|up)|\\\\mbox", "\\\\text"),
          Replacement.of("\\\\[dtc]frac", "\\\\frac"),
          Replacement.of("\\\\[dt]binom", "\\\\binom"),
          Replacement.of("\\s*\\{\\s*,\\s*\\}", ","),
          Replacement.of(",?\\s*\\\\text\\s*\\{\\s*(?:and|or)\\s*\\}", ","),
          Replacement.of("(?<![a-zA-Z\\\\])(?:,?\\s*(?:and|or))(?![a-zA-Z])", ","),
          Replacement.of("(?<!\\\\)\\\\\\s", " "),
          Replacement.of("(?<![a-zA-Z\\\\])(?:infinity|inf)(?![a-zA-Z])", "\\\\infty "),
          Replacement.of("\\\\text\\{(?:percent|percentage|pct)\\}", "\\\\%"),
          Replacement.of("\\s*(?<![a-zA-Z\\\\])(?:percentage|percent|pct)(?![a-zA-Z])", "\\\\%"),
          Replacement.of("[\\n\\t\\r]", " "));

  private static final List<Replacement> REPAIRS =
      List.of(
          Replacement.of("\\^\\s?\\(([^()]*)\\)", "^{($1)}"),
          Replacement.of("(?<!\\\\)\\bsqrt\\s?\\(([^()]*)\\)", "\\\\sqrt{$1}"),
          Replacement.of("(?<!\\\\)\\bsqrt", "\\\\sqrt"));

  private static final Replacement DOUBLE_BACKSLASH =
      Replacement.of("\\\\\\\\(?=[a-zA-Z])", "\\\\");

  private static final Pattern TEXT_AT_END =
      Pattern.compile("\\\\text\\s*\\{[^{}]*\\}(?:\\^\\d|\\^\\{\\d\\})?$");

  /** Units that are written without markup after a number. */
  private static final String UNITS =
      "feet|foot|ft|inch|inches|in\\.|mile|yard|meter|metre|mm|cm|km|dm|m|kilometer|centimeter|millimeter"
          + "|kg|gm|g|mg|lb|lbs|pound|ounce|oz|ton|liter|litre|l|ml|gallon|gal|acre|hectare"
          + "|second|sec|s|minute|min|hour|hr|h|day|week|month|year|yr|noon|am|pm"
          + "|degree|deg|mph|kmph|kmh|ohm|unit|sq|square|cubic|cube|cc"
          + "|cent|dollar|rupee|rs|coin|mark|point|digit|number|way|man|men|woman|women|student|apple|meal|toy"
          + "|soldier|tile|pie|edge|page|book|people|person|child|children|time|more|less|increase|decrease|loss|gain|profit";

  private static final Pattern UNIT_AT_END =
      Pattern.compile("(\\d|\\}|\\s)\\s*(?:" + UNITS + ")(?:s|es)?\\s*$");

  private LatexText() {}

  /** The normal form of a piece of LaTeX. */
  static String normal(String latex) {
    String text = latex;
    for (Replacement replacement : NOTATION) {
      text = replacement.apply(text);
    }
    if (!text.contains("matrix") && !text.contains("array")) {
      text = DOUBLE_BACKSLASH.apply(text);
    }
    text = withoutUnits(text);
    for (Replacement replacement : REPAIRS) {
      text = replacement.apply(text);
    }
    return text.strip();
  }

  /** A unit says nothing where there is something in front of it. */
  private static String withoutUnits(String latex) {
    String text = latex;
    Matcher atEnd = TEXT_AT_END.matcher(text);
    if (atEnd.find() && !text.substring(0, atEnd.start()).isBlank()) {
      text = text.substring(0, atEnd.start()).strip();
    }
    for (int round = 0; round < 2; round++) {
      String shorter = UNIT_AT_END.matcher(text).replaceFirst("$1").strip();
      text = shorter.isEmpty() ? text : shorter;
    }
    return text;
  }

  /**
   * Where the brace at {@code open} closes; -1 where it does not.
   *
   * @param open index of an opening brace
   */
  static int closing(String text, int open) {
    int depth = 0;
    for (int i = open; i < text.length(); i++) {
      if (text.charAt(i) == '{') {
        depth++;
      } else if (text.charAt(i) == '}' && --depth == 0) {
        return i;
      }
    }
    return -1;
  }
}
