package org.bitatlas.generate;

import java.util.List;

/**
 * A finished generation.
 *
 * @param tokenIds new tokens, without the stop token
 * @param reason why it ended
 * @param thinkingCut whether the thinking span was closed because its budget was used up
 */
public record Generation(List<Integer> tokenIds, Reason reason, boolean thinkingCut) {

  /** A generation whose thinking was not cut. */
  public Generation(List<Integer> tokenIds, Reason reason) {
    this(tokenIds, reason, false);
  }

  /** Why a generation ended. */
  public enum Reason {
    STOP_TOKEN,
    /** The request's {@link ReplyEnd} was reached; the token that reached it is there. */
    REACHED_END,
    LENGTH,
    NON_FINITE,
    CANCELLED
  }
}
