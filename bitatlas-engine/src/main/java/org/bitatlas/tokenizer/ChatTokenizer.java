package org.bitatlas.tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.bitatlas.tensor.BitAtlasException;

/**
 * Everything text about a model folder: tokenizer, chat template, thinking protocol, stop ids.
 * Loaded with {@link ChatTokenizers#load}.
 *
 * @param tokenizer the tokenizer
 * @param template the chat template, absent for a base model
 * @param thinking the thinking protocol
 * @param stopIds token ids that end a reply
 * @param sampling how the model's authors ask for tokens to be chosen
 */
public record ChatTokenizer(
    Tokenizer tokenizer,
    Optional<ChatTemplate> template,
    ThinkingProtocol thinking,
    Set<Integer> stopIds,
    SamplingDefaults sampling) {

  /**
   * Token ids of the prompt for the next assistant message, in a thinking mode.
   *
   * <p>The mode's suffix is appended to the last user message unless it already ends with it. The
   * begin-of-sequence token that the tokenizer adds to a text is put in front unless the rendered
   * template already starts with it; an end-of-sequence token is never added.
   *
   * @param messages the conversation, the last message from the user
   * @param mode the mode to ask for; empty for the model's default
   * @throws BitAtlasException when the model has no template or does not support the mode; the
   *     message names the supported ones
   */
  public int[] prompt(List<ChatMessage> messages, Optional<ThinkingMode> mode) {
    return ids(promptText(messages, mode));
  }

  /**
   * Token ids of a finished conversation, rendered by the model's template without a prompt for
   * another reply. Mode and begin-of-sequence token as in {@link #prompt}; a template that leaves
   * the thinking of earlier replies out leaves it out here.
   *
   * @param messages the conversation, the last message from the assistant
   * @param mode the mode it was held in; empty for the model's default
   * @throws BitAtlasException as {@link #prompt}
   */
  public int[] conversation(List<ChatMessage> messages, Optional<ThinkingMode> mode) {
    return ids(rendered(messages, mode, false));
  }

  private int[] ids(String text) {
    int[] ids = tokenizer.encode(text, false);
    OptionalInt begin = tokenizer.beginOfSequenceId();
    if (begin.isEmpty() || (ids.length > 0 && ids[0] == begin.getAsInt())) {
      return ids;
    }
    int[] prompt = new int[ids.length + 1];
    prompt[0] = begin.getAsInt();
    System.arraycopy(ids, 0, prompt, 1, ids.length);
    return prompt;
  }

  /**
   * The rendered conversation that {@link #prompt} turns into ids, without the begin-of-sequence
   * token that the tokenizer adds.
   */
  public String promptText(List<ChatMessage> messages, Optional<ThinkingMode> mode) {
    return rendered(messages, mode, true);
  }

  private String rendered(
      List<ChatMessage> messages, Optional<ThinkingMode> mode, boolean addGenerationPrompt) {
    ChatTemplate chat =
        template.orElseThrow(() ->
            new BitAtlasException(
                "This model has no chat template (it is a base model): use plain text."));
    return chat.render(
        mode.map(asked -> withMode(messages, asked)).orElse(messages), addGenerationPrompt);
  }

  private List<ChatMessage> withMode(List<ChatMessage> messages, ThinkingMode mode) {
    String suffix = thinking.suffix(mode);
    List<ChatMessage> asked = new ArrayList<>(messages);
    for (int i = asked.size() - 1; i >= 0; i--) {
      ChatMessage message = asked.get(i);
      if (message.role().equals("user")) {
        String content = message.content();
        asked.set(
            i, new ChatMessage("user", content.endsWith(suffix) ? content : content + suffix));
        return asked;
      }
    }
    throw new BitAtlasException(
        "A thinking mode is asked for in a user message, but the conversation has none (roles: "
            + Arrays.toString(messages.stream().map(ChatMessage::role).toArray())
            + ").");
  }

  /** Copies the set. */
  public ChatTokenizer {
    stopIds = Set.copyOf(stopIds);
  }
}
