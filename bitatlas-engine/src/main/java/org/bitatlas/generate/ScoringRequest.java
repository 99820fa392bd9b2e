package org.bitatlas.generate;

/**
 * Tokens to score.
 *
 * @param tokenIds the whole sequence, context first
 * @param from index of the first token to score, at least 1
 */
public record ScoringRequest(int[] tokenIds, int from) {}
