package org.bitatlas.eval.math;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The formulas of a text: {@code $$..$$}, {@code \[..\]}, {@code $..$}, {@code \(..\)}, and a bare
 * {@code \frac{1}{2}}. Scanned by hand, so that a long text costs no more than its length.
 */
final class Formulas {

  /**
   * One formula, or several joined by "and", "or" or a comma.
   *
   * @param start where it begins in the text
   * @param end where it ends
   * @param parts LaTeX of each
   * @param percent whether a percent sign or word follows, for each
   */
  record Formula(int start, int end, List<String> parts, List<Boolean> percent) {}

  private static final int MOST_JOINED = 6;

  private static final Pattern PERCENT =
      Pattern.compile("\\s*(?:\\\\?%|[Pp]ercent(?:age)?|[Pp]ct)");
  private static final Pattern JOINT = Pattern.compile("\\s*(?:,?and|,?or|,)\\s*");
  private static final Pattern BARE_FRACTION =
      Pattern.compile("-?\\\\[dt]?frac\\{-?\\d+(?:[.,]\\d+)?\\}\\{-?\\d+(?:[.,]\\d+)?\\}");

  private Formulas() {}

  /** All formulas in their order. */
  static List<Formula> in(String text) {
    List<Formula> single = single(text);
    List<Formula> joined = new ArrayList<>();
    for (int i = 0; i < single.size(); ) {
      Formula first = single.get(i);
      List<String> parts = new ArrayList<>(first.parts());
      List<Boolean> percent = new ArrayList<>(first.percent());
      int end = first.end();
      i++;
      while (i < single.size() && parts.size() < MOST_JOINED) {
        Formula next = single.get(i);
        if (!JOINT.matcher(text).region(end, next.start()).matches()) {
          break;
        }
        parts.addAll(next.parts());
        percent.addAll(next.percent());
        end = next.end();
        i++;
      }
      joined.add(new Formula(first.start(), end, parts, percent));
    }
    return joined;
  }

  private static List<Formula> single(String text) {
    List<Formula> found = new ArrayList<>();
    Matcher fraction = BARE_FRACTION.matcher(text);
    int at = 0;
    while (at < text.length()) {
      int end = -1;
      int length = 0;
      if (text.startsWith("$$", at) && unescaped(text, at)) {
        end = unescapedIndex(text, "$$", at + 2);
        length = 2;
      } else if (text.startsWith("\\[", at)) {
        end = text.indexOf("\\]", at + 2);
        length = 2;
      } else if (text.startsWith("\\(", at)) {
        end = sameLine(text, text.indexOf("\\)", at + 2), at);
        length = 2;
      } else if (text.charAt(at) == '$' && unescaped(text, at) && !digitBefore(text, at)) {
        end = sameLine(text, unescapedIndex(text, "$", at + 1), at);
        length = 1;
      } else if ((text.charAt(at) == '\\' || text.charAt(at) == '-')
          && fraction.region(at, text.length()).lookingAt()) {
        found.add(formula(text, at, fraction.end(), fraction.group()));
        at = fraction.end();
        continue;
      }
      if (end > at + length) {
        Formula formula = formula(text, at, end + length, text.substring(at + length, end));
        found.add(formula);
        at = formula.end();
      } else {
        at++;
      }
    }
    return found;
  }

  private static Formula formula(String text, int start, int end, String latex) {
    Matcher percent = PERCENT.matcher(text).region(end, text.length());
    boolean follows = percent.lookingAt();
    return new Formula(start, follows ? percent.end() : end, List.of(latex), List.of(follows));
  }

  private static boolean unescaped(String text, int at) {
    return at == 0 || text.charAt(at - 1) != '\\';
  }

  private static boolean digitBefore(String text, int at) {
    return at > 0 && Character.isDigit(text.charAt(at - 1));
  }

  private static int unescapedIndex(String text, String wanted, int from) {
    int at = text.indexOf(wanted, from);
    while (at >= 0 && !unescaped(text, at)) {
      at = text.indexOf(wanted, at + 1);
    }
    return at;
  }

  private static int sameLine(String text, int end, int start) {
    int newline = text.indexOf('\n', start);
    return newline >= 0 && newline < end ? -1 : end;
  }
}
