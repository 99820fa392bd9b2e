package org.bitatlas.eval;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.bitatlas.tokenizer.ChatMessage;
import org.bitatlas.tokenizer.ChatTemplate;
import org.bitatlas.tokenizer.ChatTokenizer;
import org.bitatlas.tokenizer.SamplingDefaults;
import org.bitatlas.tokenizer.ThinkingMode;
import org.bitatlas.tokenizer.ThinkingProtocol;
import org.bitatlas.tokenizer.Tokenizer;

/** One token per UTF-16 unit, at its value plus 100, and four special tokens. */
public final class FakeTokenizer implements Tokenizer {

  public static final int BEGIN = 1;
  public static final int STOP = 2;
  public static final int OPEN = 3;
  public static final int CLOSE = 4;

  private int shift;

  /** A model that thinks in the modes slow_think and no_think. */
  public static ChatTokenizer thinking() {
    return new ChatTokenizer(
        new FakeTokenizer(),
        Optional.of(template()),
        new ThinkingProtocol(
            Map.of(ThinkingMode.SLOW_THINK, "", ThinkingMode.NO_THINK, " /no_think"),
            OptionalInt.of(OPEN),
            OptionalInt.of(CLOSE),
            false,
            true),
        Set.of(STOP),
        SamplingDefaults.GREEDY);
  }

  /** The same with every id one higher. */
  public static ChatTokenizer shifted(ChatTokenizer other) {
    FakeTokenizer shifted = new FakeTokenizer();
    shifted.shift = 1;
    return new ChatTokenizer(
        shifted, other.template(), other.thinking(), other.stopIds(), other.sampling());
  }

  /** A base model. */
  public static ChatTokenizer base() {
    return new ChatTokenizer(
        new FakeTokenizer(),
        Optional.empty(),
        ThinkingProtocol.none(),
        Set.of(STOP),
        SamplingDefaults.GREEDY);
  }

  private static ChatTemplate template() {
    return new ChatTemplate() {
      @Override
      public String render(List<ChatMessage> messages, boolean addGenerationPrompt) {
        return "user:" + messages.getLast().content() + ":";
      }

      @Override
      public String digest() {
        return "template";
      }
    };
  }

  /** Ids of a reply: a span with {@code thinking}, then {@code answer}. */
  public static List<Integer> reply(String thinking, String answer) {
    StringBuilder text = new StringBuilder();
    text.append((char) (OPEN - 100)).append(thinking).append((char) (CLOSE - 100)).append(answer);
    return ids(text.toString());
  }

  static List<Integer> ids(String text) {
    return text.chars().mapToObj(c -> (int) (char) (c + 100)).toList();
  }

  @Override
  public int[] encode(String text, boolean addSpecialTokens) {
    int[] ids = text.chars().map(c -> c + 100 + shift).toArray();
    if (!addSpecialTokens) {
      return ids;
    }
    int[] withBegin = new int[ids.length + 1];
    withBegin[0] = BEGIN;
    System.arraycopy(ids, 0, withBegin, 1, ids.length);
    return withBegin;
  }

  @Override
  public String decode(List<Integer> ids, boolean skipSpecialTokens) {
    StringBuilder text = new StringBuilder();
    for (int id : ids) {
      if (id >= 100) {
        text.append((char) (id - 100));
      } else if (!skipSpecialTokens) {
        text.append('<').append(id).append('>');
      }
    }
    return text.toString();
  }

  @Override
  public int vocabularySize() {
    return 65_636;
  }

  @Override
  public OptionalInt idOf(String token) {
    return OptionalInt.empty();
  }

  @Override
  public String tokenOf(int id) {
    return decode(List.of(id), false);
  }

  @Override
  public OptionalInt beginOfSequenceId() {
    return OptionalInt.of(BEGIN);
  }

  @Override
  public String digest() {
    return "fake";
  }
}
