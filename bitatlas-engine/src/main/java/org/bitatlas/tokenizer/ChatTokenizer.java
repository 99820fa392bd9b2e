package org.bitatlas.tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
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
    String text = promptText(messages, mode);
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
    ChatTemplate chat =
        template.orElseThrow(() ->
            new BitAtlasException(
                "This model has no chat template (it is a base model): use plain text."));
    return chat.render(mode.map(asked -> withMode(messages, asked)).orElse(messages), true);
  }

  private List<ChatMessage> withMode(List<ChatMessage> messages, ThinkingMode mode) {
    Map<ThinkingMode, String> modes = thinking.userSuffixes();
    String suffix = modes.get(mode);
    if (suffix == null) {
      String supported =
          modes.isEmpty()
              ? "it does not think: leave the mode out"
              : "supported: "
                  + String.join(
                      ", ", new TreeSet<>(modes.keySet()).stream().map(Enum::name).toList());
      throw new BitAtlasException(
          "This model does not support the thinking mode " + mode + " (" + supported + ").");
    }
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
