package org.bitatlas.eval.instruction;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bitatlas.eval.metric.PythonText;
import org.bitatlas.eval.metric.Whitespace;
import tools.jackson.core.JacksonException;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** Instructions about the form of a reply: lists, sections, titles, JSON. */
final class FormatInstructions {

  private static final Pattern STAR_BULLET =
      PythonText.pattern("^%s*\\*[^\\*].*$".formatted(PythonText.SPACE), Pattern.MULTILINE);
  private static final Pattern DASH_BULLET =
      PythonText.pattern("^%s*-.*$".formatted(PythonText.SPACE), Pattern.MULTILINE);
  private static final Pattern HIGHLIGHT = PythonText.pattern("\\*[^\\n\\*]*\\*");
  private static final Pattern DOUBLE_HIGHLIGHT = PythonText.pattern("\\*\\*[^\\n\\*]*\\*\\*");
  private static final Pattern TITLE = PythonText.pattern("<<[^\\n]+>>");
  private static final List<String> ANSWERS =
      List.of("My answer is yes.", "My answer is no.", "My answer is maybe.");
  // Python's json reads NaN and Infinity, and duplicate keys.
  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  // Python also takes halves of surrogate pairs.
  private static final Pattern SURROGATE = Pattern.compile("\\\\u[dD][89a-fA-F][0-9a-fA-F]{2}");

  private FormatInstructions() {}

  /** Exactly so many bullets of Markdown. */
  static Instruction bullets(Arguments arguments) {
    int number = arguments.number("num_bullets");
    return reply ->
        PythonText.count(STAR_BULLET, reply) + PythonText.count(DASH_BULLET, reply) == number;
  }

  /** One of three answers is there. */
  static Instruction answer() {
    return reply -> ANSWERS.stream().anyMatch(reply::contains);
  }

  /** At least so many parts between stars; those between two stars count twice. */
  static Instruction highlights(Arguments arguments) {
    int number = arguments.number("num_highlights");
    return reply -> {
      int count = 0;
      Matcher single = HIGHLIGHT.matcher(reply);
      while (single.find()) {
        count += Whitespace.strip(PythonText.strip(single.group(), '*')).isEmpty() ? 0 : 1;
      }
      Matcher twice = DOUBLE_HIGHLIGHT.matcher(reply);
      while (twice.find()) {
        String inside = twice.group().substring(2, twice.group().length() - 2);
        count += Whitespace.strip(inside).isEmpty() ? 0 : 1;
      }
      return count >= number;
    };
  }

  /** At least so many headings of the given word and a number. */
  static Instruction sections(Arguments arguments) {
    String word = Whitespace.strip(arguments.text("section_spliter"));
    Pattern heading =
        arguments.expression(
            "section_spliter",
            PythonText.SPACE + "?",
            word,
            "%1$s?\\d+%1$s?".formatted(PythonText.SPACE),
            0);
    int number = arguments.number("num_sections");
    return reply -> PythonText.count(heading, reply) >= number;
  }

  /** A title between double angular brackets. */
  static Instruction title() {
    return reply ->
        TITLE
            .matcher(reply)
            .results()
            .map(match -> match.group().replaceAll("^<+|>+$", ""))
            .anyMatch(title -> !Whitespace.strip(title).isEmpty());
  }

  /** The whole reply is JSON, perhaps in a block of Markdown. */
  static Instruction json() {
    return reply -> {
      String text = Whitespace.strip(reply);
      for (String fence : List.of("```json", "```Json", "```JSON", "```")) {
        text = PythonText.withoutPrefix(text, fence);
      }
      text = Whitespace.strip(PythonText.withoutSuffix(text, "```"));
      try {
        String json = SURROGATE.matcher(text).replaceAll("x");
        return !json.isEmpty() && !JSON.readTree(json).isMissingNode();
      } catch (JacksonException notJson) {
        return false;
      }
    };
  }
}
