package org.bitatlas.tokenizer;

import java.util.List;
import java.util.Optional;
import java.util.Set;

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
   * @param messages the conversation, the last message from the user
   * @param mode the mode to ask for; empty for the model's default
   * @throws org.bitatlas.tensor.BitAtlasException when the model has no template or does not
   *     support the mode; the message names the supported ones
   */
  public int[] prompt(List<ChatMessage> messages, Optional<ThinkingMode> mode) {
    throw new UnsupportedOperationException();
  }
}
