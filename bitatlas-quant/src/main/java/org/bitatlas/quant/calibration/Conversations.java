package org.bitatlas.quant.calibration;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bitatlas.quant.calibration.CalibrationSets.Selection;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.ChatMessage;
import org.bitatlas.tokenizer.ChatTokenizer;
import org.bitatlas.tokenizer.ThinkingMode;
import tools.jackson.databind.JsonNode;

/**
 * Conversations rendered through the model's own chat template, shuffled, concatenated and cut, so
 * that all sequences have one length and no token is padding.
 *
 * <p>What the assistant says is taken as it stands: a conversation whose replies hold a thinking
 * span names its {@code mode}, and is left out when another is asked for. Records with a {@code
 * text} only are left out too.
 */
final class Conversations {

  private final JsonLines records;
  private final ChatTokenizer chat;
  private final Optional<ThinkingMode> asked;
  private int plain;
  private int otherMode;

  /**
   * One conversation.
   *
   * @param messages its messages
   * @param mode the mode it names
   */
  private record Conversation(List<ChatMessage> messages, Optional<ThinkingMode> mode) {}

  private Conversations(JsonLines records, ChatTokenizer chat, Optional<ThinkingMode> asked) {
    this.records = records;
    this.chat = chat;
    this.asked = asked;
  }

  static CalibrationSet draw(
      JsonLines records, ChatTokenizer chat, Optional<ThinkingMode> mode, Selection selection) {
    return new Conversations(records, chat, mode).draw(selection);
  }

  private CalibrationSet draw(Selection selection) {
    asked.ifPresent(chat.thinking()::suffix);
    SourceFile source = records.source();
    SequenceCutter cutter = new SequenceCutter(selection, source.name());
    int used = 0;
    for (int index : ShuffledSamples.order(records.size(), selection.seed())) {
      Optional<int[]> ids = tokens(index);
      if (ids.isPresent()) {
        used++;
        if (cutter.add(ids.get())) {
          break;
        }
      }
    }
    if (used == 0) {
      throw new BitAtlasException(
          "The calibration source %s has no conversation%s: %d records have a text only, %d are of another mode."
              .formatted(
                  source.name(),
                  asked.map(mode -> " for the thinking mode " + mode.id()).orElse(""),
                  plain,
                  otherMode));
    }
    return SetDescription.of(source, selection)
        .fact("order", "conversations shuffled, concatenated, cut")
        .fact("mode", asked.map(ThinkingMode::id).orElse("as recorded"))
        .fact("conversations", Integer.toString(used))
        .fact("template", chat.template().orElseThrow().digest())
        .begin(chat.tokenizer())
        .of(cutter.sequences());
  }

  private Optional<int[]> tokens(int index) {
    Optional<Conversation> conversation = conversation(index);
    if (conversation.isEmpty()) {
      plain++;
      return Optional.empty();
    }
    Optional<ThinkingMode> named = conversation.get().mode();
    if (asked.isPresent() && named.isPresent() && !named.equals(asked)) {
      otherMode++;
      return Optional.empty();
    }
    return Optional.of(chat.conversation(conversation.get().messages(), asked.or(() -> named)));
  }

  private Optional<Conversation> conversation(int index) {
    JsonNode node = records.record(index);
    List<ChatMessage> messages = new ArrayList<>();
    if (node.path("messages").isArray() && !node.path("messages").isEmpty()) {
      for (JsonNode message : node.path("messages")) {
        messages.add(
            new ChatMessage(text(index, message, "role"), text(index, message, "content")));
      }
    } else if (node.has("prompt") || node.has("response")) {
      messages.add(new ChatMessage("user", text(index, node, "prompt")));
      messages.add(new ChatMessage("assistant", text(index, node, "response")));
    } else if (node.path("text").isString()) {
      return Optional.empty();
    } else {
      throw records.wrong(index, "has neither 'messages' nor 'prompt' and 'response'");
    }
    return Optional.of(new Conversation(messages, mode(index, node.path("mode"))));
  }

  private String text(int index, JsonNode node, String field) {
    JsonNode value = node.path(field);
    if (!value.isString()) {
      throw records.wrong(index, "has no string '" + field + "'");
    }
    return value.stringValue();
  }

  private Optional<ThinkingMode> mode(int index, JsonNode value) {
    if (value.isMissingNode() || value.isNull()) {
      return Optional.empty();
    }
    Optional<ThinkingMode> mode =
        value.isString() ? ThinkingMode.named(value.stringValue()) : Optional.empty();
    if (mode.isEmpty()) {
      throw records.wrong(
          index, "names the mode " + value + "; there are slow_think, auto_think and no_think");
    }
    return mode;
  }
}
