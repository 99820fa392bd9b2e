package org.bitatlas.tokenizer;

import java.util.List;
import java.util.Optional;
import org.bitatlas.tensor.BitAtlasException;
import tools.jackson.databind.JsonNode;

/** Finds the chat template of a model folder. */
final class ChatTemplates {

  private static final String KEY = "chat_template";

  private ChatTemplates() {}

  /**
   * The folder's template: {@code chat_template.jinja}, else {@code chat_template.json}, else
   * {@code tokenizer_config.json}; of a list of named templates the one named {@code default}.
   */
  static Optional<ChatTemplate> find(ModelFolder folder, TokenizerSettings settings) {
    Optional<String> file = folder.text("chat_template.jinja");
    if (file.isPresent()) {
      return Optional.of(template(folder, "chat_template.jinja", file.get(), settings));
    }
    for (String name : List.of("chat_template.json", TokenizerSettings.CONFIG)) {
      Optional<String> source = source(folder, name);
      if (source.isPresent()) {
        return Optional.of(template(folder, name, source.get(), settings));
      }
    }
    return Optional.empty();
  }

  private static ChatTemplate template(
      ModelFolder folder, String name, String source, TokenizerSettings settings) {
    return new JinjaChatTemplate(folder.path().resolve(name).toString(), source, settings.roles());
  }

  private static Optional<String> source(ModelFolder folder, String name) {
    JsonNode node = folder.jsonOrEmpty(name).path(KEY);
    if (node.isString()) {
      return Optional.of(node.stringValue());
    }
    if (node.isMissingNode() || node.isNull()) {
      return Optional.empty();
    }
    for (JsonNode named : node) {
      if (named.path("name").asString("").equals("default")) {
        return Optional.of(named.path("template").asString(""));
      }
    }
    throw folder.error(name, KEY + " must be a text, or a list with a template named default.");
  }

  /**
   * What the template puts before a reply: the end of a short rendered conversation, by which a
   * template that opens the thinking span is recognised. Empty where it cannot be rendered.
   */
  static String generationPrompt(ChatTemplate template) {
    try {
      return template.render(List.of(new ChatMessage("user", "?")), true);
    } catch (BitAtlasException refused) {
      return "";
    }
  }
}
