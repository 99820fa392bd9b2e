package org.bitatlas.study;

import java.util.SequencedMap;

/**
 * What a checkpoint turned out to be when it was opened.
 *
 * @param format name of its format, for example {@code compressed-tensors}
 * @param bits weight bits of most of its linear layers
 * @param options its scheme by name, as the options of a recipe are recorded
 * @param identity what decides its results beside the scheme: digests of weights and configuration
 */
public record CheckpointFacts(
    String format,
    int bits,
    SequencedMap<String, String> options,
    SequencedMap<String, String> identity) {}
