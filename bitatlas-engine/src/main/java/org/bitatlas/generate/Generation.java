package org.bitatlas.generate;

import java.util.List;

/**
 * A finished generation.
 *
 * @param tokenIds new tokens, without the stop token
 * @param reason why it ended
 */
public record Generation(List<Integer> tokenIds, Reason reason) {

  /** Why a generation ended. */
  public enum Reason {
    STOP_TOKEN,
    LENGTH,
    NON_FINITE,
    CANCELLED
  }
}
