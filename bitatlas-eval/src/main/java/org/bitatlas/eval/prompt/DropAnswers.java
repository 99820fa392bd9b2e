package org.bitatlas.eval.prompt;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bitatlas.eval.metric.Whitespace;

/** The accepted answers of a record of DROP: the answer and those of other annotators. */
public final class DropAnswers {

  private DropAnswers() {}

  /**
   * The accepted answers, each one or more spans, none twice.
   *
   * @throws org.bitatlas.tensor.BitAtlasException when the record does not have the fields of
   *     EleutherAI/drop
   */
  public static List<List<String>> of(Document document) {
    Set<List<String>> answers = new LinkedHashSet<>();
    answers.add(spans(document, map(document, "answer")));
    Map<?, ?> validated = map(document, "validated_answers");
    List<?> numbers = list(document, validated, "number");
    List<?> dates = list(document, validated, "date");
    List<?> spans = list(document, validated, "spans");
    if (dates.size() != numbers.size() || spans.size() != numbers.size()) {
      throw document.error("validated_answers", "lists of one length");
    }
    for (int i = 0; i < numbers.size(); i++) {
      answers.add(
          spans(
              document,
              Map.of("number", numbers.get(i), "date", dates.get(i), "spans", spans.get(i))));
    }
    return new ArrayList<>(answers);
  }

  /** A number, else spans, else a date. */
  private static List<String> spans(Document document, Map<?, ?> answer) {
    if (!(answer.get("number") instanceof String number)
        || !(answer.get("spans") instanceof List<?> spans)
        || !(answer.get("date") instanceof Map<?, ?> date)) {
      throw document.error("answer", "number, spans and date");
    }
    if (!number.isEmpty()) {
      return List.of(number);
    }
    if (!spans.isEmpty()) {
      return spans.stream().map(String::valueOf).toList();
    }
    String text =
        Stream.of("day", "month", "year")
            .map(part -> String.valueOf(date.get(part)))
            .collect(Collectors.joining(" "));
    return List.of(Whitespace.strip(text));
  }

  private static Map<?, ?> map(Document document, String field) {
    if (document.fields().get(field) instanceof Map<?, ?> map) {
      return map;
    }
    throw document.error(field, "an answer of DROP");
  }

  private static List<?> list(Document document, Map<?, ?> validated, String key) {
    if (validated.get(key) instanceof List<?> list) {
      return list;
    }
    throw document.error("validated_answers", "lists of numbers, dates and spans");
  }
}
