package org.bitatlas.format.compressed;

import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.bitatlas.tensor.BitAtlasException;

/**
 * Targets of a configuration group: names of modules, the class name {@code Linear}, and regular
 * expressions {@code re:...} that a module's name must begin with a match of.
 */
final class TargetNames {

  private static final String EXPRESSION = "re:";
  private static final int LONGEST = 10_000;
  private static final int MOST_STEPS = 2_000_000;

  private TargetNames() {}

  /** How closely a module is named. */
  enum Match {
    NONE,
    CLASS,
    EXPRESSION,
    NAME
  }

  /**
   * The closest match of a module among targets.
   *
   * @throws BitAtlasException when an expression is malformed or takes too long
   */
  static Match match(String module, List<String> targets) {
    Match best = Match.NONE;
    for (String target : targets) {
      Match match = match(module, target);
      if (match.compareTo(best) > 0) {
        best = match;
      }
    }
    return best;
  }

  private static Match match(String module, String target) {
    if (target.equals(module)) {
      return Match.NAME;
    }
    if (target.equals("Linear")) {
      return Match.CLASS;
    }
    boolean matches =
        target.startsWith(EXPRESSION)
            && begins(module, target.substring(EXPRESSION.length()), target);
    return matches ? Match.EXPRESSION : Match.NONE;
  }

  private static boolean begins(String module, String expression, String target) {
    if (expression.length() > LONGEST) {
      throw new BitAtlasException(
          "A target of the quantization is an expression of %d characters, expected at most %d."
              .formatted(expression.length(), LONGEST));
    }
    try {
      return Pattern.compile(expression).matcher(new Counted(module)).lookingAt();
    } catch (PatternSyntaxException | TooManySteps | StackOverflowError e) {
      throw new BitAtlasException(
          "The target %s of the quantization is no expression that can be matched."
              .formatted(target.length() > 80 ? target.substring(0, 80) + "..." : target),
          e);
    }
  }

  /** Thrown by {@link Counted}. */
  private static final class TooManySteps extends RuntimeException {
    private static final long serialVersionUID = 1L;
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
        throw new TooManySteps();
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
