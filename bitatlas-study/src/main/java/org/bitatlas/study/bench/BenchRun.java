package org.bitatlas.study.bench;

import java.util.List;
import java.util.SequencedMap;

/**
 * What all schemes of a bench share.
 *
 * @param subject what the user calls the model
 * @param weights where its weights come from
 * @param linearWeights number of weights of the linear layers of all blocks
 * @param layers number of blocks
 * @param prompt tokens of the prompt whose prefill was timed
 * @param context tokens in the cache when decoding began
 * @param tokens tokens decoded after the first
 * @param threads threads that shared the work
 * @param machine the machine in words
 * @param limits what the machine can do, one per round
 */
public record BenchRun(
    String subject,
    String weights,
    long linearWeights,
    int layers,
    int prompt,
    int context,
    int tokens,
    int threads,
    SequencedMap<String, String> machine,
    List<Limits> limits) {}
