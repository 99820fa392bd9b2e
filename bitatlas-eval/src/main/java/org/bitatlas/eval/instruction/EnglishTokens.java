package org.bitatlas.eval.instruction;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.bitatlas.eval.metric.PythonText;

/**
 * Cuts English text into tokens in the conventions of the Penn Treebank, as nltk does: clitics,
 * brackets and most punctuation stand alone, hyphens stay inside, full stops only end sentences.
 */
final class EnglishTokens {

  /**
   * One replacement in the whole text.
   *
   * @param pattern what is found
   * @param by what is put in its place
   */
  private record Step(Pattern pattern, String by) {

    String apply(String text) {
      return pattern.matcher(text).replaceAll(by);
    }
  }

  private static final String APART = " $0 ";

  private static final List<Step> STEPS =
      List.of(
          step("[«“‘„]|`+", APART),
          step("^\"", "``"),
          step("``", APART),
          step("([ (\\[{<])(?:\"|'')", "$1 `` "),
          step("(?i)(?<!W)'(?!(?:re|ve|ll|m|t|s|d|n)B)(?=W)", "' "),
          step("([^.])\\.([\\])}>\"'»”’ ]*+)S*$", "$1 . $2 "),
          step("([:,])(\\D)", " $1 $2"),
          step("[:,]$", APART),
          step("\\.{2,}", APART),
          step("[;@#$%&]", APART),
          step("[\\u2012-\\u2015]", APART),
          step("([^.])\\.([\\])}>\"']*)S*$", "$1 .$2 "),
          step("[?!]", APART),
          step("([^'])' ", "$1 ' "),
          step("\\*", APART),
          step("[\\]\\[(){}<>]", APART),
          step("--", APART),
          step("(?s)^.*\\z", APART),
          step("[»”’]", APART),
          step("''|\"", " '' "),
          step("S+", " "),
          step("([^' ])('[sS]|'[mM]|'[dD]|') ", "$1 $2 "),
          step("([^' ])('ll|'LL|'re|'RE|'ve|'VE|n't|N'T) ", "$1 $2 "),
          step("(?i)B(can)(not)B", " $1 $2 "),
          step("(?i)B(d)('ye)B", " $1 $2 "),
          step("(?i)B(gim)(me)B", " $1 $2 "),
          step("(?i)B(gon)(na)B", " $1 $2 "),
          step("(?i)B(got)(ta)B", " $1 $2 "),
          step("(?i)B(lem)(me)B", " $1 $2 "),
          step("(?i)B(more)('n)B", " $1 $2 "),
          step("(?i)B(wan)(na)(?=S)", " $1 $2 "),
          step("(?i) ('t)(is)B", " $1 $2 "),
          step("(?i) ('t)(was)B", " $1 $2 "));

  private EnglishTokens() {}

  // W, B and S stand for a word character, a boundary and whitespace as Python has them.
  private static Step step(String regex, String by) {
    String expression =
        regex
            .replace("W", PythonText.WORD)
            .replace("B", PythonText.BOUNDARY)
            .replace("S", PythonText.SPACE);
    return new Step(PythonText.pattern(expression), by);
  }

  /** The tokens of all sentences of {@code text}. */
  static List<String> of(String text) {
    List<String> tokens = new ArrayList<>();
    for (String sentence : EnglishSentences.of(text)) {
      tokens.addAll(ofSentence(sentence));
    }
    return tokens;
  }

  /** The tokens of one sentence. */
  static List<String> ofSentence(String sentence) {
    String text = sentence;
    for (Step step : STEPS) {
      text = step.apply(text);
    }
    return PythonText.words(text);
  }
}
