package org.bitatlas.tokenizer;

import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** The functions that transformers gives to chat templates. Public because Jinjava reflects. */
public final class TemplateFunctions {

  /** What a template says when it refuses a conversation. */
  static final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1;

    Refusal(String message) {
      super(message);
    }
  }

  private TemplateFunctions() {}

  /** {@code raise_exception(message)}: refuses the conversation. */
  public static Object raise_exception(String message) {
    throw new Refusal(message);
  }

  /** {@code strftime_now(format)}: the local time in strftime's notation. */
  public static String strftime_now(String format) {
    LocalDateTime now = LocalDateTime.now();
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < format.length(); i++) {
      char letter = format.charAt(i);
      if (letter != '%' || i + 1 == format.length()) {
        text.append(letter);
        continue;
      }
      i++;
      text.append(directive(format.charAt(i), now));
    }
    return text.toString();
  }

  private static String directive(char letter, LocalDateTime now) {
    String pattern =
        switch (letter) {
          case 'Y' -> "uuuu";
          case 'm' -> "MM";
          case 'd' -> "dd";
          case 'B' -> "MMMM";
          case 'b' -> "MMM";
          case 'A' -> "EEEE";
          case 'a' -> "EEE";
          case 'H' -> "HH";
          case 'M' -> "mm";
          case 'S' -> "ss";
          case 'y' -> "uu";
          case 'j' -> "DDD";
          case 'I' -> "hh";
          case 'p' -> "a";
          default -> "";
        };
    if (pattern.isEmpty()) {
      return letter == '%' ? "%" : "%" + letter;
    }
    return DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH).format(now);
  }
}
