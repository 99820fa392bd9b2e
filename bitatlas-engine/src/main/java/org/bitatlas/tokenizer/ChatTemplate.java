package org.bitatlas.tokenizer;

import java.util.List;

/** A model's own Jinja chat template. */
public interface ChatTemplate {

  /**
   * The conversation as one string.
   *
   * @param addGenerationPrompt whether the text ends where the assistant is to go on
   */
  String render(List<ChatMessage> messages, boolean addGenerationPrompt);

  /** SHA-256 of the template's source. */
  String digest();
}
