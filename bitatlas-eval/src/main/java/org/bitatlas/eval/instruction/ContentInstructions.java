package org.bitatlas.eval.instruction;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.bitatlas.eval.metric.PythonText;
import org.bitatlas.eval.metric.Whitespace;

/** Instructions about parts that a reply must have, and how it begins and ends. */
final class ContentInstructions {

  private static final Pattern PLACEHOLDER = PythonText.pattern("\\[.*?\\]");
  private static final Pattern POSTSCRIPT =
      PythonText.pattern("p\\.%1$s?s\\.".formatted(PythonText.SPACE));
  private static final Pattern SECOND_POSTSCRIPT =
      PythonText.pattern("p\\.%1$s?p\\.%1$s?s".formatted(PythonText.SPACE));
  private static final Pattern SIX_STARS = Pattern.compile("******", Pattern.LITERAL);

  private ContentInstructions() {}

  /** At least so many placeholders in square brackets. */
  static Instruction placeholders(Arguments arguments) {
    int number = arguments.number("num_placeholders");
    return reply -> PythonText.count(PLACEHOLDER, reply) >= number;
  }

  /** A postscript that begins with the marker. */
  static Instruction postscript(Arguments arguments) {
    String marker = Whitespace.strip(arguments.text("postscript_marker"));
    Pattern pattern =
        switch (marker) {
          case "P.S." -> POSTSCRIPT;
          case "P.P.S" -> SECOND_POSTSCRIPT;
          default -> arguments.expression("postscript_marker", "", PythonText.lower(marker), "", 0);
        };
    return reply -> pattern.matcher(PythonText.lower(reply)).find();
  }

  /** Two different answers with six stars between them. */
  static Instruction twoResponses() {
    return reply -> {
      String[] parts = SIX_STARS.split(reply, -1);
      List<String> answers = new ArrayList<>();
      for (int i = 0; i < parts.length; i++) {
        String answer = Whitespace.strip(parts[i]);
        if (!answer.isEmpty()) {
          answers.add(answer);
        } else if (i > 0 && i < parts.length - 1) {
          return false;
        }
      }
      return answers.size() == 2 && !answers.getFirst().equals(answers.getLast());
    };
  }

  /** The request word for word comes first. */
  static Instruction repeatedPrompt(Arguments arguments) {
    String prompt = PythonText.lower(Whitespace.strip(arguments.text("prompt_to_repeat")));
    return reply -> PythonText.lower(Whitespace.strip(reply)).startsWith(prompt);
  }

  /** A phrase comes last. */
  static Instruction end(Arguments arguments) {
    String phrase = PythonText.lower(Whitespace.strip(arguments.text("end_phrase")));
    return reply ->
        PythonText.lower(PythonText.strip(Whitespace.strip(reply), '"')).endsWith(phrase);
  }

  /** The whole reply stands between double quotation marks. */
  static Instruction quotation() {
    return reply -> {
      String text = Whitespace.strip(reply);
      return text.length() > 1 && text.startsWith("\"") && text.endsWith("\"");
    };
  }

  /** There is no comma. */
  static Instruction noComma() {
    return reply -> reply.indexOf(',') < 0;
  }
}
