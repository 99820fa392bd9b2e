package org.bitatlas.quant.calibration;

import java.util.ArrayList;
import java.util.List;

/** Texts as Python's files and {@code str.strip} see them; the loaders depend on both. */
final class PythonText {

  private PythonText() {}

  /** {@code str.strip()}: unlike Java's it takes no-break spaces and U+0085 away. */
  static String strip(String text) {
    int from = 0;
    int to = text.length();
    while (from < to && isSpace(text.charAt(from))) {
      from++;
    }
    while (from < to && isSpace(text.charAt(to - 1))) {
      to--;
    }
    return text.substring(from, to);
  }

  private static boolean isSpace(char letter) {
    return Character.isWhitespace(letter) || Character.isSpaceChar(letter) || letter == '\u0085';
  }

  /**
   * The lines of a text file, each with its {@code \n}; {@code \r\n} and {@code \r} end a line too.
   */
  static List<String> lines(String text) {
    String unified = text.replace("\r\n", "\n").replace('\r', '\n');
    List<String> lines = new ArrayList<>();
    int from = 0;
    while (from < unified.length()) {
      int end = unified.indexOf('\n', from);
      int next = end < 0 ? unified.length() : end + 1;
      lines.add(unified.substring(from, next));
      from = next;
    }
    return lines;
  }
}
