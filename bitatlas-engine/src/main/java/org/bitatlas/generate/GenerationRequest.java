package org.bitatlas.generate;

import java.util.Optional;
import java.util.Set;

/**
 * A prompt to continue.
 *
 * @param promptIds token ids of the prompt, at least one
 * @param maxNewTokens budget of the reply, or with a limit of its thinking of all but the thinking
 *     span
 * @param sampling how the next token is chosen
 * @param stopIds ids that end the generation
 * @param thinking budget of its own for the thinking; empty where it counts as the rest does
 * @param end what else ends the generation, after the token that reaches it; empty for nothing
 */
public record GenerationRequest(
    int[] promptIds,
    int maxNewTokens,
    Sampling sampling,
    Set<Integer> stopIds,
    Optional<ThinkingLimit> thinking,
    Optional<ReplyEnd> end) {

  /** A prompt whose reply ends with a stop id or its budget. */
  public GenerationRequest(
      int[] promptIds,
      int maxNewTokens,
      Sampling sampling,
      Set<Integer> stopIds,
      Optional<ThinkingLimit> thinking) {
    this(promptIds, maxNewTokens, sampling, stopIds, thinking, Optional.empty());
  }

  /** A prompt whose reply has one budget. */
  public GenerationRequest(
      int[] promptIds, int maxNewTokens, Sampling sampling, Set<Integer> stopIds) {
    this(promptIds, maxNewTokens, sampling, stopIds, Optional.empty());
  }

  /** Most tokens of the reply. */
  public long mostTokens() {
    return (long) maxNewTokens + thinking.map(ThinkingLimit::most).orElse(0);
  }
}
