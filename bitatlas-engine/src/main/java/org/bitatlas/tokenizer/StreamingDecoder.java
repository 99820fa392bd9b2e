package org.bitatlas.tokenizer;

import java.util.ArrayList;
import java.util.List;

/**
 * Text of a growing list of ids, piece by piece, for a terminal. What is handed out never ends in
 * half a character: the bytes of a character split over several tokens are held back until it is
 * complete. The pieces joined are the text that {@link Tokenizer#decode} gives for all ids. Not
 * thread-safe; one per reply.
 */
public final class StreamingDecoder {

  private static final char REPLACEMENT = '\uFFFD';

  private final Tokenizer tokenizer;
  private final boolean skipSpecialTokens;
  private final List<Integer> ids = new ArrayList<>();
  private int printed;

  /**
   * A decoder at the start of a reply; {@code skipSpecialTokens} as in {@link Tokenizer#decode}.
   */
  public StreamingDecoder(Tokenizer tokenizer, boolean skipSpecialTokens) {
    this.tokenizer = tokenizer;
    this.skipSpecialTokens = skipSpecialTokens;
  }

  /** Takes the next id; the text that is complete now, often empty in the middle of a character. */
  public String accept(int id) {
    ids.add(id);
    String text = tokenizer.decode(ids, skipSpecialTokens);
    int complete = text.length();
    while (complete > printed && text.charAt(complete - 1) == REPLACEMENT) {
      complete--;
    }
    return advance(text, complete);
  }

  /** What was held back, at the end of the reply. */
  public String finish() {
    String text = tokenizer.decode(ids, skipSpecialTokens);
    return advance(text, text.length());
  }

  private String advance(String text, int complete) {
    if (complete <= printed) {
      return "";
    }
    String piece = text.substring(printed, complete);
    printed = complete;
    return piece;
  }
}
