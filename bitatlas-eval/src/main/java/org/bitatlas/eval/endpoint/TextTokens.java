package org.bitatlas.eval.endpoint;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tokenizer.Tokenizer;

/**
 * Stands in for a tokenizer that only the server has: a text is its code points, so that the digest
 * of a prompt is that of its text, and each different piece of a reply has an id of its own above
 * them, so that pieces can be counted and compared. Thread-safe.
 */
final class TextTokens implements Tokenizer {
  /** What opens the thinking of a reply. */
  static final int OPEN = Character.MAX_CODE_POINT + 1;

  /** What closes it. */
  static final int CLOSE = OPEN + 1;

  private static final int FIRST = CLOSE + 1;

  private final Map<String, Integer> ids = new ConcurrentHashMap<>();
  private final List<String> pieces = new ArrayList<>();

  /** The id of a piece of a reply. */
  int piece(String text) {
    return ids.computeIfAbsent(
        text,
        added -> {
          synchronized (pieces) {
            pieces.add(added);
            return FIRST + pieces.size() - 1;
          }
        });
  }

  /** The text of a prompt. */
  String text(int[] prompt) {
    return new String(prompt, 0, prompt.length);
  }

  @Override
  public int[] encode(String text, boolean addSpecialTokens) {
    return text.codePoints().toArray();
  }

  @Override
  public String decode(List<Integer> tokens, boolean skipSpecialTokens) {
    StringBuilder text = new StringBuilder();
    for (int id : tokens) {
      text.append(
          switch (id) {
            case OPEN -> skipSpecialTokens ? "" : "<think>";
            case CLOSE -> skipSpecialTokens ? "" : "</think>";
            default -> tokenOf(id);
          });
    }
    return text.toString();
  }

  @Override
  public int vocabularySize() {
    synchronized (pieces) {
      return FIRST + pieces.size();
    }
  }

  @Override
  public OptionalInt idOf(String token) {
    return OptionalInt.empty();
  }

  @Override
  public String tokenOf(int id) {
    if (id < 0 || id >= vocabularySize()) {
      throw new BitAtlasException("There is no piece with the id " + id + ".");
    }
    synchronized (pieces) {
      return id < OPEN ? Character.toString(id) : pieces.get(id - FIRST);
    }
  }

  @Override
  public OptionalInt beginOfSequenceId() {
    return OptionalInt.empty();
  }

  @Override
  public String digest() {
    return "the server's";
  }
}
