package org.bitatlas.study;

import java.util.List;

/**
 * What a study measures the speed of, besides accuracy: schemes in turns, on this machine, from
 * packed codes.
 *
 * @param subjects {@code nano}, model folders, or published shapes with random weights such as
 *     {@code openpangu-1b:4-layers}
 * @param schemes names of schemes, float ones among them
 * @param prompt tokens of the prompt whose prefill is timed
 * @param context tokens in the cache when decoding begins
 * @param tokens tokens decoded after it
 * @param rounds how often every scheme is measured
 */
public record SpeedSpec(
    List<String> subjects, List<String> schemes, int prompt, int context, int tokens, int rounds) {}
