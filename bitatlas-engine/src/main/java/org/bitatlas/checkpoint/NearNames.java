package org.bitatlas.checkpoint;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/** Names that a mistyped one may have meant, by edit distance (Levenshtein). */
final class NearNames {

  private static final int SHOWN = 3;

  private record Candidate(String name, int distance) {}

  private NearNames() {}

  /** Up to three names, nearest first, whose distance is at most a third of the length. */
  static List<String> of(String name, Collection<String> names) {
    return names.stream()
        .map(other -> new Candidate(other, distance(name, other)))
        .filter(candidate -> candidate.distance <= name.length() / 3)
        .sorted(Comparator.comparingInt(Candidate::distance).thenComparing(Candidate::name))
        .limit(SHOWN)
        .map(Candidate::name)
        .toList();
  }

  private static int distance(String a, String b) {
    int[] previous = new int[b.length() + 1];
    int[] current = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      previous[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      current[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int substituted = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        current[j] = Math.min(substituted, 1 + Math.min(previous[j], current[j - 1]));
      }
      int[] swap = previous;
      previous = current;
      current = swap;
    }
    return previous[b.length()];
  }
}
