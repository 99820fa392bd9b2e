package org.bitatlas.generate;

import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Scoring requests that are continuations of one context, as the choices of a question are, and
 * those that stand alone.
 *
 * @param groups indexes of the requests of each context, at least two
 * @param alone indexes of the others
 */
record SharedContexts(List<int[]> groups, int[] alone) {

  /** Shorter contexts are read again. */
  private static final int SHORTEST = 16;

  /** Longer continuations are better read with their context in one pass. */
  private static final int LONGEST = 64;

  static SharedContexts of(List<ScoringRequest> requests) {
    Map<IntBuffer, List<Integer>> byContext = new LinkedHashMap<>();
    List<Integer> alone = new ArrayList<>();
    for (int index = 0; index < requests.size(); index++) {
      ScoringRequest request = requests.get(index);
      int scored = request.tokenIds().length - request.from();
      if (request.from() < SHORTEST || scored > LONGEST) {
        alone.add(index);
      } else {
        byContext
            .computeIfAbsent(
                IntBuffer.wrap(request.tokenIds(), 0, request.from()), _ -> new ArrayList<>())
            .add(index);
      }
    }
    List<int[]> groups = new ArrayList<>();
    for (List<Integer> group : byContext.values()) {
      if (group.size() == 1) {
        alone.add(group.getFirst());
      } else {
        groups.add(group.stream().mapToInt(Integer::intValue).toArray());
      }
    }
    return new SharedContexts(
        groups, alone.stream().sorted().mapToInt(Integer::intValue).toArray());
  }

  /** Every request as the one continuation of its context. */
  static SharedContexts each(List<ScoringRequest> requests) {
    return new SharedContexts(
        IntStream.range(0, requests.size()).mapToObj(index -> new int[] {index}).toList(),
        new int[0]);
  }

  /** Tokens that a group reads: its context once, and all but the last of each continuation. */
  static int tokens(List<ScoringRequest> requests, int[] group) {
    int tokens = requests.get(group[0]).from();
    for (int index : group) {
      ScoringRequest request = requests.get(index);
      tokens += Math.max(0, request.tokenIds().length - 1 - request.from());
    }
    return tokens;
  }
}
