package org.bitatlas.format;

import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.bitatlas.tensor.BitAtlasException;

/** Regular expressions of a checkpoint's configuration, matched with an end in sight. */
public final class BoundedPattern {

  private static final int LONGEST = 10_000;
  private static final int MOST_STEPS = 200_000;

  private BoundedPattern() {}

  /**
   * Whether a name begins with a match of an expression, as Python's {@code re.match}.
   *
   * @throws BitAtlasException when the expression is malformed, too long or takes too long
   */
  public static boolean begins(String name, String expression) {
    if (expression.length() > LONGEST) {
      throw new BitAtlasException(
          "The quantization's configuration has an expression of %d characters, expected at most %d."
              .formatted(expression.length(), LONGEST));
    }
    try {
      return startsWith(name, expression);
    } catch (IllegalArgumentException e) {
      String shown = expression.length() > 80 ? expression.substring(0, 80) + "..." : expression;
      throw new BitAtlasException(
          "The quantization's configuration has the expression %s, which cannot be matched."
              .formatted(shown),
          e);
    }
  }

  /**
   * Whether an expression matches from the beginning of a text, as Python's {@code re.match} does.
   *
   * @throws IllegalArgumentException saying why, when it is no expression or takes too long
   */
  public static boolean startsWith(String text, String expression) {
    try {
      return Pattern.compile(expression).matcher(new Counted(text)).lookingAt();
    } catch (PatternSyntaxException | StackOverflowError malformed) {
      throw new IllegalArgumentException("it is no regular expression", malformed);
    }
  }

  /** A text that stops an expression that backtracks without end. */
  private static final class Counted implements CharSequence {

    private final CharSequence text;
    private int steps;

    Counted(CharSequence text) {
      this.text = text;
    }

    @Override
    public char charAt(int index) {
      if (++steps > MOST_STEPS) {
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
      return text.subSequence(start, end);
    }

    @Override
    public String toString() {
      return text.toString();
    }
  }
}
