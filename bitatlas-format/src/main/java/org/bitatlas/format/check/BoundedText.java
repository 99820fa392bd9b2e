package org.bitatlas.format.check;

import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** Matches a module's name with a pattern from a file, in bounded time whatever the pattern is. */
final class BoundedText implements CharSequence {

  private static final int MOST_READS = 200_000;

  private final String text;
  private int reads;

  private BoundedText(String text) {
    this.text = text;
  }

  /**
   * Whether a pattern matches from the beginning of a text, as Python's {@code re.match} does.
   *
   * @throws IllegalArgumentException when it is no pattern, or takes too long
   */
  static boolean startsWith(String text, String pattern) {
    try {
      return Pattern.compile(pattern).matcher(new BoundedText(text)).lookingAt();
    } catch (PatternSyntaxException | StackOverflowError malformed) {
      throw new IllegalArgumentException("it is no regular expression", malformed);
    }
  }

  @Override
  public char charAt(int index) {
    reads++;
    if (reads > MOST_READS) {
      throw new IllegalArgumentException("it takes too long to match " + text);
    }
    return text.charAt(index);
  }

  @Override
  public int length() {
    return text.length();
  }

  @Override
  public CharSequence subSequence(int start, int end) {
    return text.substring(start, end);
  }

  @Override
  public String toString() {
    return text;
  }
}
