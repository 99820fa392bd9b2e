package org.bitatlas.eval.metric;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Text as Python's {@code str} and {@code re} see it, so that scores equal those of Python
 * harnesses: Java's classes of characters differ in marks and control characters.
 */
public final class PythonText {

  /** {@code \w} of a regular expression: letters, numbers of every kind, underscore; no marks. */
  public static final String WORD = "[\\p{L}\\p{N}_]";

  /** {@code \b} of a regular expression. */
  public static final String BOUNDARY = "(?:(?<=%1$s)(?!%1$s)|(?<!%1$s)(?=%1$s))".formatted(WORD);

  /** {@code \s} of a regular expression. */
  public static final String SPACE = "[\\s\\x1c-\\x1f]";

  private PythonText() {}

  /** An expression whose {@code .} stops at line feeds only and whose classes are Unicode. */
  public static Pattern pattern(String regex, int flags) {
    return Pattern.compile(regex, flags | Pattern.UNICODE_CHARACTER_CLASS | Pattern.UNIX_LINES);
  }

  /** As {@link #pattern(String, int)} without further flags. */
  public static Pattern pattern(String regex) {
    return pattern(regex, 0);
  }

  /** Number of matches that do not overlap. */
  public static int count(Pattern pattern, String text) {
    int count = 0;
    Matcher matcher = pattern.matcher(text);
    while (matcher.find()) {
      count++;
    }
    return count;
  }

  /** Whether {@code codePoint} is matched by {@link #WORD}. */
  public static boolean isWord(int codePoint) {
    int type = Character.getType(codePoint);
    return codePoint == '_'
        || Character.isLetter(codePoint)
        || type == Character.DECIMAL_DIGIT_NUMBER
        || type == Character.LETTER_NUMBER
        || type == Character.OTHER_NUMBER;
  }

  /** {@code str.split()}: the parts between runs of whitespace, none of them empty. */
  public static List<String> words(String text) {
    List<String> words = new ArrayList<>();
    int start = -1;
    for (int i = 0; i <= text.length(); i++) {
      boolean space = i == text.length() || Whitespace.is(text.charAt(i));
      if (space && start >= 0) {
        words.add(text.substring(start, i));
        start = -1;
      } else if (!space && start < 0) {
        start = i;
      }
    }
    return words;
  }

  /** {@code str.strip(character)}: without that character at both ends. */
  public static String strip(String text, char character) {
    int start = 0;
    int end = text.length();
    while (start < end && text.charAt(start) == character) {
      start++;
    }
    while (end > start && text.charAt(end - 1) == character) {
      end--;
    }
    return text.substring(start, end);
  }

  /** {@code str.removeprefix}. */
  public static String withoutPrefix(String text, String prefix) {
    return text.startsWith(prefix) ? text.substring(prefix.length()) : text;
  }

  /** {@code str.removesuffix}. */
  public static String withoutSuffix(String text, String suffix) {
    return text.endsWith(suffix) ? text.substring(0, text.length() - suffix.length()) : text;
  }

  /** {@code str.lower()}. */
  public static String lower(String text) {
    return text.toLowerCase(Locale.ROOT);
  }

  /** {@code str.isupper()}: at least one letter that has cases, and all of those are capital. */
  public static boolean isUpper(String text) {
    return text.codePoints().noneMatch(c -> Character.isLowerCase(c) || Character.isTitleCase(c))
        && text.codePoints().anyMatch(Character::isUpperCase);
  }

  /** {@code str.islower()}: at least one letter that has cases, and all of those are small. */
  public static boolean isLower(String text) {
    return text.codePoints().noneMatch(c -> Character.isUpperCase(c) || Character.isTitleCase(c))
        && text.codePoints().anyMatch(Character::isLowerCase);
  }
}
