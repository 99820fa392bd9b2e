package org.bitatlas.tokenizer;

import java.util.Map;
import java.util.OptionalInt;

/**
 * Thinking as data of the model (DESIGN decision 11).
 *
 * @param userSuffixes supported modes, each with the text appended to the user message to ask for
 *     it; empty for a model that does not think
 * @param openId token id that opens the thinking span, absent for a model without thinking
 * @param closeId token id that closes it
 * @param templateOpensSpan whether the generation prompt already contains the opening token
 */
public record ThinkingProtocol(
    Map<ThinkingMode, String> userSuffixes,
    OptionalInt openId,
    OptionalInt closeId,
    boolean templateOpensSpan) {

  /** The protocol of a model that does not think. */
  public static ThinkingProtocol none() {
    return new ThinkingProtocol(Map.of(), OptionalInt.empty(), OptionalInt.empty(), false);
  }

  /** Copies the map. */
  public ThinkingProtocol {
    userSuffixes = Map.copyOf(userSuffixes);
  }
}
