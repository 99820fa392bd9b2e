package org.bitatlas.eval.endpoint;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.ChatMessage;
import org.bitatlas.tokenizer.ChatTemplate;
import org.bitatlas.tokenizer.ChatTokenizer;
import org.bitatlas.tokenizer.SamplingDefaults;
import org.bitatlas.tokenizer.ThinkingMode;
import org.bitatlas.tokenizer.ThinkingProtocol;

/**
 * The text side of a model whose tokenizer and chat template only the server has: a prompt is the
 * message as it is sent.
 */
final class ServerChat {

  /** Added to the message to ask for a mode: what openPangu and, without thinking, Qwen3 read. */
  private static final Map<ThinkingMode, String> SUFFIXES =
      Map.of(
          ThinkingMode.SLOW_THINK, "",
          ThinkingMode.AUTO_THINK, " /auto_think",
          ThinkingMode.NO_THINK, " /no_think");

  private ServerChat() {}

  /**
   * Stands in for the model's tokenizer.
   *
   * @param mode the one thinking mode that is asked for; empty for the server's default
   */
  static ChatTokenizer tokenizer(TextTokens tokens, Optional<ThinkingMode> mode) {
    ThinkingProtocol thinking =
        new ThinkingProtocol(
            mode.map(asked -> Map.of(asked, SUFFIXES.getOrDefault(asked, ""))).orElse(Map.of()),
            OptionalInt.of(TextTokens.OPEN),
            OptionalInt.of(TextTokens.CLOSE),
            false);
    return new ChatTokenizer(
        tokens, Optional.of(new Message()), thinking, Set.of(), SamplingDefaults.GREEDY);
  }

  private record Message() implements ChatTemplate {
    @Override
    public String render(List<ChatMessage> messages, boolean addGenerationPrompt) {
      if (messages.size() != 1 || !messages.getFirst().role().equals("user")) {
        throw new BitAtlasException(
            "Only one user message is sent to a server's chat; give the model's tokenizer with --tokenizer for longer conversations.");
      }
      return messages.getFirst().content();
    }

    @Override
    public String digest() {
      return "the server's";
    }
  }
}
