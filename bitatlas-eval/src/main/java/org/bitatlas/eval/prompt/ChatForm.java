package org.bitatlas.eval.prompt;

import java.util.ArrayList;
import java.util.List;
import org.bitatlas.tokenizer.ChatMessage;

/**
 * How a prompt is given to a model with a chat template: what {@code --apply_chat_template} and
 * {@code --fewshot_as_multiturn} of lm-evaluation-harness do.
 */
public enum ChatForm {
  /**
   * What the task does by itself: scored texts are plain text, replies to a chat model have one
   * user message.
   */
  OWN,
  /** The description is the system message, examples and question are one user message. */
  ONE_TURN,
  /** The same with every example as a question of the user and an answer of the assistant. */
  TURNS;

  /**
   * The messages of a prompt, without a started answer at its end.
   *
   * @param turns description, examples and question in their order
   */
  public List<ChatMessage> messages(List<Turn> turns) {
    List<ChatMessage> messages = new ArrayList<>();
    List<Turn> rest = turns;
    if (rest.getFirst().role().equals("system")) {
      messages.add(new ChatMessage("system", rest.getFirst().content()));
      rest = rest.subList(1, rest.size());
    }
    if (rest.getLast().role().equals("assistant")) {
      rest = rest.subList(0, rest.size() - 1);
    }
    if (this == TURNS) {
      rest.forEach(turn -> messages.add(new ChatMessage(turn.role(), turn.content())));
    } else {
      String before = Turn.text(rest.subList(0, rest.size() - 1));
      messages.add(new ChatMessage("user", before + rest.getLast().content()));
    }
    return List.copyOf(messages);
  }

  /** For reports; empty for {@link #OWN}. */
  public String describe() {
    return switch (this) {
      case OWN -> "";
      case ONE_TURN -> "chat template, examples and question in one user message";
      case TURNS -> "chat template, examples as turns";
    };
  }
}
