package org.bitatlas.tokenizer;

import java.util.List;

/**
 * A reply cut into its thinking and its answer, by token id.
 *
 * <p>The answer is what follows the last closing token, as evaluation harnesses score it. A reply
 * whose span was never closed (usually cut at the token budget) has an empty answer: scoring its
 * thinking as if it were the answer would hide the truncation. For a model whose every reply has a
 * span ({@link ThinkingProtocol#alwaysSpans}) that holds even where the opening token is missing,
 * as in openPangu's official parser.
 *
 * @param thinking ids inside the span, without the opening and the last closing token
 * @param answer ids after the last closing token; stop ids are kept as they came
 * @param outcome how the span ended
 */
public record ThinkingSplit(List<Integer> thinking, List<Integer> answer, Outcome outcome) {

  /** How the thinking span of a reply ended. */
  public enum Outcome {
    /** The span was closed; the answer follows it (it may be empty, and so may the thinking). */
    CLOSED,
    /** A span was open to the end: everything is thinking, the answer is empty. */
    UNCLOSED,
    /** The reply has no span: everything is the answer. */
    NO_SPAN
  }

  /**
   * Splits the ids a model generated after its prompt.
   *
   * @param ids generated ids, in order
   * @param protocol the model's thinking protocol
   */
  public static ThinkingSplit of(List<Integer> ids, ThinkingProtocol protocol) {
    if (protocol.closeId().isEmpty()) {
      return new ThinkingSplit(List.of(), List.copyOf(ids), Outcome.NO_SPAN);
    }
    int open = protocol.openId().isEmpty() ? -1 : ids.indexOf(protocol.openId().getAsInt());
    int close = ids.lastIndexOf(protocol.closeId().getAsInt());
    boolean opened = open >= 0 || protocol.alwaysSpans();
    if (close < 0) {
      return opened
          ? new ThinkingSplit(
              List.copyOf(ids.subList(open + 1, ids.size())), List.of(), Outcome.UNCLOSED)
          : new ThinkingSplit(List.of(), List.copyOf(ids), Outcome.NO_SPAN);
    }
    int start = open < close ? open + 1 : 0;
    return new ThinkingSplit(
        List.copyOf(ids.subList(start, close)),
        List.copyOf(ids.subList(close + 1, ids.size())),
        Outcome.CLOSED);
  }

  /** Copies the lists. */
  public ThinkingSplit {
    thinking = List.copyOf(thinking);
    answer = List.copyOf(answer);
  }
}
