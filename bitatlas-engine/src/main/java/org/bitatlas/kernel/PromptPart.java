package org.bitatlas.kernel;

import java.lang.foreign.MemorySegment;

/**
 * Consecutive tokens of one sequence that attend to those before them and to themselves.
 *
 * @param queries heads of the tokens, of the type of the attention
 * @param first element of the first token's first query head
 * @param stride elements from one token to the next
 * @param count of tokens
 * @param start position of the first of them among the keys
 * @param seen keys and values of the first {@code start + count} tokens
 * @param outputRow row of the result for the first token
 */
public record PromptPart(
    MemorySegment queries,
    long first,
    long stride,
    int count,
    int start,
    SeenTokens seen,
    int outputRow) {

  /** Tokens that the last one sees. */
  int keys() {
    return start + count;
  }
}
