package org.bitatlas.eval.instruction;

import java.util.regex.Pattern;
import org.bitatlas.eval.metric.PythonText;
import org.bitatlas.eval.metric.Whitespace;

/** Instructions about numbers of words, sentences and paragraphs. */
final class LengthInstructions {

  private static final Pattern WORDS = PythonText.pattern(PythonText.WORD + "+");
  private static final Pattern DIVIDER =
      PythonText.pattern("%1$s?\\*\\*\\*%1$s?".formatted(PythonText.SPACE));
  private static final Pattern EMPTY_LINE = Pattern.compile("\n\n");

  private LengthInstructions() {}

  /** So many words: runs of letters and numbers. */
  static Instruction words(Arguments arguments) {
    int number = arguments.number("num_words");
    Relation relation = Relation.of(arguments, "relation");
    return reply -> relation.holds(PythonText.count(WORDS, reply), number);
  }

  /** So many sentences, as {@link EnglishSentences} cuts them. */
  static Instruction sentences(Arguments arguments) {
    int number = arguments.number("num_sentences");
    Relation relation = Relation.of(arguments, "relation");
    return reply -> relation.holds(EnglishSentences.of(reply).size(), number);
  }

  /** So many paragraphs between dividers of three stars, none of them empty. */
  static Instruction paragraphs(Arguments arguments) {
    int number = arguments.number("num_paragraphs");
    return reply -> {
      String[] paragraphs = DIVIDER.split(reply, -1);
      int count = paragraphs.length;
      for (int i = 0; i < paragraphs.length; i++) {
        if (Whitespace.strip(paragraphs[i]).isEmpty()) {
          if (i > 0 && i < paragraphs.length - 1) {
            return false;
          }
          count--;
        }
      }
      return count == number;
    };
  }

  /** So many paragraphs between empty lines, and one of them begins with a word. */
  static Instruction firstWord(Arguments arguments) {
    int number = arguments.number("num_paragraphs");
    int position = arguments.number("nth_paragraph");
    if (position > number) {
      throw arguments.error("nth_paragraph", "" + position, "at most num_paragraphs, " + number);
    }
    String word = PythonText.lower(arguments.text("first_word"));
    return reply -> {
      String[] paragraphs = EMPTY_LINE.split(reply, -1);
      int count = 0;
      for (String paragraph : paragraphs) {
        count += Whitespace.strip(paragraph).isEmpty() ? 0 : 1;
      }
      // Empty paragraphs are counted in the position, but not in the number.
      if (position > count || Whitespace.strip(paragraphs[position - 1]).isEmpty()) {
        return false;
      }
      return count == number && firstWord(paragraphs[position - 1]).equals(word);
    };
  }

  private static String firstWord(String paragraph) {
    String word = PythonText.words(paragraph).getFirst();
    int start = 0;
    while (start < word.length() && word.charAt(start) == '\'') {
      start++;
    }
    while (start < word.length() && word.charAt(start) == '"') {
      start++;
    }
    int end = start;
    while (end < word.length() && ".,?!'\"".indexOf(word.charAt(end)) < 0) {
      end++;
    }
    return PythonText.lower(word.substring(start, end));
  }
}
