package org.bitatlas.generate;

import java.util.Set;

/**
 * A prompt to continue.
 *
 * @param promptIds token ids of the prompt, at least one
 * @param maxNewTokens budget
 * @param sampling how the next token is chosen
 * @param stopIds ids that end the generation
 */
public record GenerationRequest(
    int[] promptIds, int maxNewTokens, Sampling sampling, Set<Integer> stopIds) {}
