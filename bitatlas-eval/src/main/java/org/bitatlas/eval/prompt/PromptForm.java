package org.bitatlas.eval.prompt;

import java.util.List;
import java.util.Optional;
import org.bitatlas.eval.metric.Whitespace;
import org.bitatlas.tensor.BitAtlasException;

/**
 * How a record becomes a question, its choices and its answer.
 *
 * @param question text of the question; where the choices are contexts, index of the right one
 * @param choices the choices; empty for a task whose answer is a text
 * @param target the right answer: an index where there are choices, else a text
 * @param targetDelimiter text between question and answer
 * @param answerPrefix start of the answer that the model is given; empty for none
 * @param contextsAreChoices whether the choices stand in front of one continuation (WinoGrande)
 */
public record PromptForm(
    RecordTemplate question,
    Optional<Choices> choices,
    RecordTemplate target,
    String targetDelimiter,
    Optional<RecordTemplate> answerPrefix,
    boolean contextsAreChoices) {

  /** Where choices come from. */
  public sealed interface Choices {

    /** The same for every record. */
    record Fixed(List<String> texts) implements Choices {}

    /** A template whose value is a list. */
    record OfRecord(RecordTemplate template) implements Choices {}
  }

  /** The choices of a record, none where the task has none. */
  List<String> choices(Document document) {
    return choices.map(from -> choices(from, document)).orElse(List.of());
  }

  private static List<String> choices(Choices from, Document document) {
    return switch (from) {
      case Choices.Fixed fixed -> fixed.texts();
      case Choices.OfRecord ofRecord -> {
        Object value = ofRecord.template().value(document);
        if (value instanceof List<?> list
            && list.size() >= 2
            && list.stream().allMatch(choice -> choice instanceof String text && !text.isEmpty())) {
          yield list.stream().map(String.class::cast).toList();
        }
        throw new BitAtlasException(
            document.place()
                + ": the choices "
                + ofRecord.template().source()
                + " are "
                + value
                + "; expected at least two texts, none of them empty.");
      }
    };
  }

  /** The right answer of a record with these choices. */
  Target target(Document document, List<String> choices) {
    RecordTemplate template = contextsAreChoices ? question : target;
    if (choices.isEmpty()) {
      return new Target.Text(template.render(document));
    }
    String index = template.render(document).strip();
    if (index.matches("\\d{1,9}") && Integer.parseInt(index) < choices.size()) {
      return new Target.Choice(Integer.parseInt(index));
    }
    throw new BitAtlasException(
        document.place()
            + ": the right answer "
            + template.source()
            + " is \""
            + index
            + "\"; expected an index from 0 to "
            + (choices.size() - 1)
            + ".");
  }

  /** A record with its answer, as it stands in front of other questions. */
  List<Turn> solved(Document document, String delimiter) {
    List<String> choices = choices(document);
    Target right = target(document, choices);
    String asked;
    String answer;
    if (contextsAreChoices) {
      asked = choices.get(((Target.Choice) right).index());
      answer = target.render(document);
    } else {
      asked = question.render(document);
      answer =
          switch (right) {
            case Target.Choice choice -> choices.get(choice.index());
            case Target.Text text -> text.text();
          };
    }
    String prefix = answerPrefix.map(template -> template.render(document)).orElse("");
    if (answer.isEmpty()) {
      return started(asked, prefix);
    }
    if (prefix.isEmpty()) {
      return List.of(Turn.user(asked, targetDelimiter), Turn.assistant(answer, delimiter));
    }
    String whole = prefix + (spaced(prefix, answer) ? "" : " ") + answer;
    return List.of(Turn.user(asked, between(asked, prefix)), Turn.assistant(whole, delimiter));
  }

  /** A record without its answer. */
  List<Turn> asked(Document document) {
    return started(
        question.render(document),
        answerPrefix.map(template -> template.render(document)).orElse(""));
  }

  private List<Turn> started(String asked, String prefix) {
    return prefix.isEmpty()
        ? List.of(Turn.user(asked, ""))
        : List.of(Turn.user(asked, between(asked, prefix)), Turn.assistant(prefix, ""));
  }

  private String between(String asked, String prefix) {
    return asked.isEmpty() || spaced(asked, prefix) ? "" : targetDelimiter;
  }

  private static boolean spaced(String left, String right) {
    return Whitespace.is(left.codePointBefore(left.length()))
        || Whitespace.is(right.codePointAt(0));
  }

  /** For reports. */
  public String describe() {
    return question.source()
        + targetDelimiter
        + choices
            .map(from ->
                switch (from) {
                  case Choices.Fixed fixed -> fixed.texts().toString();
                  case Choices.OfRecord ofRecord -> ofRecord.template().source();
                })
            .orElseGet(target::source)
        + (contextsAreChoices ? " (contexts), then " + target.source() : "");
  }
}
