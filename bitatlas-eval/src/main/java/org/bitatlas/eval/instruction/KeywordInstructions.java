package org.bitatlas.eval.instruction;

import java.util.List;
import java.util.regex.Pattern;
import org.bitatlas.eval.metric.PythonText;
import org.bitatlas.eval.metric.Whitespace;

/** Instructions about words and letters. The keywords of the data are regular expressions. */
final class KeywordInstructions {

  private static final int ANY_CASE = Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE;

  private KeywordInstructions() {}

  /** Every keyword occurs. */
  static Instruction existence(Arguments arguments) {
    List<Pattern> keywords =
        arguments.texts("keywords").stream()
            .map(keyword -> arguments.expression("keywords", "", keyword, "", ANY_CASE))
            .toList();
    return reply -> keywords.stream().allMatch(keyword -> keyword.matcher(reply).find());
  }

  /** A keyword occurs so many times. */
  static Instruction frequency(Arguments arguments) {
    String word = Whitespace.strip(arguments.text("keyword"));
    Pattern keyword = arguments.expression("keyword", "", word, "", ANY_CASE);
    int number = arguments.number("frequency");
    Relation relation = Relation.of(arguments, "relation");
    return reply -> relation.holds(PythonText.count(keyword, reply), number);
  }

  /** None of the words occurs as a word. */
  static Instruction forbidden(Arguments arguments) {
    List<Pattern> words =
        arguments.texts("forbidden_words").stream()
            .map(word ->
                arguments.expression(
                    "forbidden_words", PythonText.BOUNDARY, word, PythonText.BOUNDARY, ANY_CASE))
            .toList();
    return reply -> words.stream().noneMatch(word -> word.matcher(reply).find());
  }

  /**
   * A letter occurs so many times, in either case. Where the data has another character (! and #,
   * in two records), the harness draws a letter at random in its place; here it is counted itself.
   */
  static Instruction letterFrequency(Arguments arguments) {
    String letter = PythonText.lower(arguments.text("letter"));
    if (letter.codePointCount(0, letter.length()) != 1) {
      throw arguments.error("letter", letter, "one character");
    }
    int wanted = letter.codePointAt(0);
    int number = arguments.number("let_frequency");
    Relation relation = Relation.of(arguments, "let_relation");
    return reply ->
        relation.holds(
            Math.toIntExact(PythonText.lower(reply).codePoints().filter(c -> c == wanted).count()),
            number);
  }
}
