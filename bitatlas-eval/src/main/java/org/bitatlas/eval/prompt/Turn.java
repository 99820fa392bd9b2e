package org.bitatlas.eval.prompt;

import java.util.List;

/**
 * A piece of a prompt: who says it, and what follows it where all is one text.
 *
 * @param role {@code system}, {@code user} or {@code assistant}
 * @param content its text
 * @param delimiter text after it in plain text; no part of a message of its own
 */
public record Turn(String role, String content, String delimiter) {

  static Turn user(String content, String delimiter) {
    return new Turn("user", content, delimiter);
  }

  static Turn assistant(String content, String delimiter) {
    return new Turn("assistant", content, delimiter);
  }

  /** All turns as one text. */
  public static String text(List<Turn> turns) {
    StringBuilder text = new StringBuilder();
    turns.forEach(turn -> text.append(turn.content()).append(turn.delimiter()));
    return text.toString();
  }
}
