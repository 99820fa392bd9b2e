package org.bitatlas.eval.task;

import java.util.List;
import java.util.OptionalInt;
import org.bitatlas.tokenizer.ChatMessage;

/** One validated item of a suite. */
public sealed interface Item {

  /** Position in the file, from 0. */
  int index();

  /**
   * An item of a {@link GenerativeTask}.
   *
   * @param index position in the file
   * @param user the user message
   * @param expected the expected answer
   * @param subgroupValue value of the subgroup field, if the task has subgroups
   */
  record Question(int index, String user, String expected, OptionalInt subgroupValue)
      implements Item {}

  /**
   * An item of a {@link MultipleChoiceTask}.
   *
   * @param index position in the file
   * @param user the user message
   * @param choices the choices, at least two
   * @param gold index of the right one
   */
  record Choices(int index, String user, List<String> choices, int gold) implements Item {}

  /**
   * The text of a {@link PerplexityTask}, before cleaning.
   *
   * @param index always 0
   * @param text the whole file
   */
  record Text(int index, String text) implements Item {}

  /**
   * An item of a {@link RollingPerplexityTask}.
   *
   * @param index position in the file
   * @param text the document, before cleaning
   */
  record Document(int index, String text) implements Item {}

  /**
   * An item of a {@link CodeTask}.
   *
   * @param index position in the file
   * @param user the user message
   * @param prefix what stands in front of the code of the reply
   * @param checks Python source that raises where the program is wrong
   * @param answerPrefix start of the reply that the model is given; empty for none
   * @param before messages in front of the user message
   */
  record Program(
      int index,
      String user,
      String prefix,
      String checks,
      String answerPrefix,
      List<ChatMessage> before)
      implements Item {

    /** A program whose reply the model begins itself. */
    public Program(int index, String user, String prefix, String checks) {
      this(index, user, prefix, checks, "", List.of());
    }
  }

  /**
   * An item of a {@link ReplyTask} that is not answered by a program.
   *
   * @param index position among all records of the task
   * @param subject part of the data set it belongs to; empty where there is one
   * @param question the question without the examples, for records
   * @param user examples and question
   * @param answerPrefix start of the reply that the model is given; empty for none
   * @param target the right answer as text
   * @param document the record, processed
   * @param before messages in front of the user message
   */
  record Reply(
      int index,
      String subject,
      String question,
      String user,
      String answerPrefix,
      String target,
      org.bitatlas.eval.prompt.Document document,
      List<ChatMessage> before)
      implements Item {}

  /**
   * An item of a {@link LikelihoodTask}.
   *
   * @param index position among all records of the task
   * @param subject part of the data set it belongs to; empty where there is one
   * @param question the question without the examples, for records
   * @param continuations what is scored: one for each choice, or the one text
   * @param choices the choices; none where the text has to be predicted
   * @param gold index of the right choice, 0 where there are none
   */
  record Likelihood(
      int index,
      String subject,
      String question,
      List<Continuation> continuations,
      List<String> choices,
      int gold)
      implements Item {}

  /**
   * A text to be scored.
   *
   * @param messages a conversation that the model's template makes the context of; none where the
   *     context is plain text
   * @param context what stands before the text; after the conversation, where there is one
   * @param text the text
   */
  record Continuation(List<ChatMessage> messages, String context, String text) {

    /** A text after plain text. */
    public Continuation(String context, String text) {
      this(List.of(), context, text);
    }
  }
}
