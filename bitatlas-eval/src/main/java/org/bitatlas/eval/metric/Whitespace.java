package org.bitatlas.eval.metric;

/**
 * Whitespace as Python's {@code str.isspace} has it, so that scores equal those of Python
 * harnesses. {@link String#strip()} leaves no-break spaces and U+0085 in place.
 */
public final class Whitespace {

  private Whitespace() {}

  /** Whether Python counts {@code codePoint} as whitespace. */
  public static boolean is(int codePoint) {
    return Character.isWhitespace(codePoint)
        || Character.isSpaceChar(codePoint)
        || codePoint == 0x85;
  }

  /** {@code text} without whitespace at both ends. */
  public static String strip(String text) {
    return stripTrailing(stripLeading(text));
  }

  /** {@code text} without whitespace at its start. All whitespace is in the basic plane. */
  public static String stripLeading(String text) {
    int start = 0;
    while (start < text.length() && is(text.charAt(start))) {
      start++;
    }
    return text.substring(start);
  }

  /** {@code text} without whitespace at its end. */
  public static String stripTrailing(String text) {
    int end = text.length();
    while (end > 0 && is(text.charAt(end - 1))) {
      end--;
    }
    return text.substring(0, end);
  }

  /** Number of parts that runs of whitespace cut {@code text} into, empty ones at its ends too. */
  public static int parts(String text) {
    int parts = 1;
    boolean before = false;
    for (int i = 0; i < text.length(); i++) {
      boolean space = is(text.charAt(i));
      parts += space && !before ? 1 : 0;
      before = space;
    }
    return parts;
  }
}
