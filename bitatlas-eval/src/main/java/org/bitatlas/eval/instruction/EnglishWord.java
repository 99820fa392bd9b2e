package org.bitatlas.eval.instruction;

import java.util.regex.Pattern;
import org.bitatlas.eval.metric.PythonText;

/**
 * A token of Punkt: a word with the full stop after it, or a mark.
 *
 * @param text the token
 */
record EnglishWord(String text) {

  private static final Pattern NUMBER = PythonText.pattern("-?[.,]?\\d[\\d,.-]*\\.?");

  /** Whether a sentence ends here, when {@code next} follows (Kiss and Strunk, 2006, 4.1). */
  boolean endsSentenceBefore(EnglishWord next) {
    if (text.equals(".") || text.equals("?") || text.equals("!")) {
      return true;
    }
    boolean ellipsis = isEllipsis();
    if (!ellipsis && (!text.endsWith(".") || text.endsWith(".."))) {
      return false;
    }
    boolean abbreviation = !ellipsis && isAbbreviation();
    boolean ends = !ellipsis && !abbreviation;
    if ((ellipsis || abbreviation) && !isInitial()) {
      return next.isCapitalized() && EnglishWords.beginsSentences(next.bare());
    }
    if (!isInitial() && !isNumber()) {
      return ends;
    }
    if (next.isPunctuation() || next.isSmall()) {
      return false;
    }
    return ends
        && !(isInitial() && next.isCapitalized() && !EnglishWords.isOftenSmall(next.bare()));
  }

  private boolean isEllipsis() {
    return text.length() > 1 && text.chars().allMatch(c -> c == '.');
  }

  private boolean isAbbreviation() {
    String word = PythonText.lower(text.substring(0, text.length() - 1));
    return EnglishWords.isAbbreviation(word)
        || EnglishWords.isAbbreviation(word.substring(word.lastIndexOf('-') + 1));
  }

  private boolean isInitial() {
    return text.length() == 2 && text.endsWith(".") && Character.isLetter(text.charAt(0));
  }

  private boolean isNumber() {
    return NUMBER.matcher(text).matches();
  }

  private boolean isPunctuation() {
    return text.length() == 1 && ";:,.!?".contains(text);
  }

  private boolean isCapitalized() {
    return Character.isUpperCase(text.codePointAt(0));
  }

  private boolean isSmall() {
    return Character.isLowerCase(text.codePointAt(0));
  }

  /** In small letters, without a full stop after it. */
  private String bare() {
    String word = PythonText.lower(text);
    return word.length() > 1 && word.endsWith(".") ? word.substring(0, word.length() - 1) : word;
  }
}
