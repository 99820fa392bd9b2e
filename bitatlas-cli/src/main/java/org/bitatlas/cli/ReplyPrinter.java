package org.bitatlas.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import org.bitatlas.tokenizer.ChatTokenizer;
import org.bitatlas.tokenizer.StreamingDecoder;
import org.bitatlas.tokenizer.ThinkingProtocol;
import org.bitatlas.tokenizer.ThinkingSplit;

/**
 * Writes a reply token by token: the thinking span dimmed and apart from the answer. Where the
 * answer goes to no terminal, thinking goes to its own writer, so that a pipe gets the answer
 * alone.
 */
final class ReplyPrinter {

  private static final String DIM = "\u001b[2m";
  private static final String PLAIN = "\u001b[0m";

  private final ChatTokenizer tokenizer;
  private final PrintWriter answerOut;
  private final PrintWriter thinkingOut;
  private final boolean dim;
  private final List<Integer> ids = new ArrayList<>();
  private boolean thinking;
  private boolean wroteThinking;
  private StreamingDecoder decoder;

  /**
   * @param dim whether both writers are one terminal, which shows thinking dimmed
   */
  ReplyPrinter(
      ChatTokenizer tokenizer, PrintWriter answerOut, PrintWriter thinkingOut, boolean dim) {
    this.tokenizer = tokenizer;
    this.answerOut = answerOut;
    this.thinkingOut = thinkingOut;
    this.dim = dim;
    this.thinking = tokenizer.thinking().templateOpensSpan();
    this.decoder = decoder();
  }

  /** Takes the next token of the reply. */
  void accept(int id) {
    ids.add(id);
    ThinkingProtocol protocol = tokenizer.thinking();
    if (!thinking && protocol.openId().isPresent() && protocol.openId().getAsInt() == id) {
      switchTo(true);
    } else if (protocol.closeId().isPresent() && protocol.closeId().getAsInt() == id) {
      switchTo(false);
    } else {
      write(decoder.accept(id));
    }
  }

  /** Whether the last token was one of the thinking. */
  boolean thinking() {
    return thinking;
  }

  /** Ends the reply. */
  void finish() {
    switchTo(false);
    answerOut.println();
    answerOut.flush();
  }

  /** The answer without the thinking, as it belongs into the conversation. */
  String answer() {
    List<Integer> answer = ThinkingSplit.of(ids, tokenizer.thinking()).answer();
    return tokenizer.tokenizer().decode(answer, true);
  }

  private void switchTo(boolean toThinking) {
    write(decoder.finish());
    if (thinking && !toThinking && wroteThinking) {
      thinkingOut.println(dim ? PLAIN : "");
      thinkingOut.flush();
      wroteThinking = false;
    }
    thinking = toThinking;
    decoder = decoder();
  }

  private void write(String piece) {
    if (piece.isEmpty()) {
      return;
    }
    if (!thinking) {
      answerOut.print(piece);
      answerOut.flush();
      return;
    }
    if (!wroteThinking && dim) {
      thinkingOut.print(DIM);
    }
    wroteThinking = true;
    thinkingOut.print(piece);
    thinkingOut.flush();
  }

  private StreamingDecoder decoder() {
    return new StreamingDecoder(tokenizer.tokenizer(), true);
  }
}
