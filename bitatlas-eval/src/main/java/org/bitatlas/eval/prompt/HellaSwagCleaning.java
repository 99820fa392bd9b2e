package org.bitatlas.eval.prompt;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.bitatlas.eval.metric.Whitespace;

/**
 * Adds {@code query} and {@code choices}: activity and context, the second part of the context
 * capitalized as Python does it (the rest in lower case), and all without the marks of the WikiHow
 * pages.
 */
final class HellaSwagCleaning implements DocumentProcess {

  private static final Pattern MARK = Pattern.compile("\\[.*?]", Pattern.UNIX_LINES);

  @Override
  public Document apply(Document document) {
    String context = document.text("ctx_a") + " " + capitalized(document.text("ctx_b"));
    return document.with(
        Map.of(
            "query",
            cleaned(document.text("activity_label") + ": " + context),
            "choices",
            List.copyOf(
                document.texts("endings").stream().map(HellaSwagCleaning::cleaned).toList())));
  }

  private static String cleaned(String text) {
    String replaced = Whitespace.strip(text).replace(" [title]", ". ");
    return MARK.matcher(replaced).replaceAll("").replace("  ", " ");
  }

  /** {@code str.capitalize}: the first letter in title case, all others in lower case. */
  static String capitalized(String text) {
    if (text.isEmpty()) {
      return text;
    }
    int end = text.offsetByCodePoints(0, 1);
    return title(text.codePointAt(0)) + lower(text, end);
  }

  private static String title(int codePoint) {
    // What one letter becomes in title case may be several: "Ss" of \u00df, "Fi" of the ligature;
    // but
    // an apostrophe in front (\u0149) leaves the letter after it in upper case.
    int title = Character.toTitleCase(codePoint);
    String upper = Character.toString(codePoint).toUpperCase(Locale.ROOT);
    if (title != codePoint || upper.codePointCount(0, upper.length()) == 1) {
      return Character.toString(title);
    }
    int end = upper.offsetByCodePoints(0, 1);
    if (Character.toLowerCase(upper.codePointAt(0)) == upper.codePointAt(0)) {
      return upper;
    }
    return upper.substring(0, end) + upper.substring(end).toLowerCase(Locale.ROOT);
  }

  /** Lower case of the whole text from a place on: a final sigma looks at the letters before. */
  private static String lower(String text, int from) {
    String lowered = text.toLowerCase(Locale.ROOT);
    String start = text.substring(0, from).toLowerCase(Locale.ROOT);
    return lowered.startsWith(start)
        ? lowered.substring(start.length())
        : text.substring(from).toLowerCase(Locale.ROOT);
  }
}
