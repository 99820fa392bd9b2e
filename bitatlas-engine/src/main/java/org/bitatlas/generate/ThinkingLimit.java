package org.bitatlas.generate;

import java.util.OptionalInt;

/**
 * A budget for the thinking of a reply, apart from that of its answer: when the first thinking span
 * has as many tokens, the closing token is written in place of the model's choice and the answer
 * goes on.
 *
 * @param tokens most tokens of the span without its opening and closing ones, at least 0
 * @param openId token that opens the span
 * @param closeId token that closes it
 * @param open whether the prompt has opened it already
 */
public record ThinkingLimit(int tokens, OptionalInt openId, int closeId, boolean open) {

  /** Most tokens that are written besides the answer: the span with both its ends. */
  public int most() {
    return tokens + 2;
  }
}
