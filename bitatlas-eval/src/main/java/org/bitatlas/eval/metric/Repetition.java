package org.bitatlas.eval.metric;

import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/** How much a reply repeats itself, on token ids. */
public final class Repetition {

  /** Longest period that is looked for at the end of a reply. */
  public static final int LONGEST_PERIOD = 512;

  private static final int SHORTEST_LOOP = 200;

  private Repetition() {}

  /** Share of n-grams that occurred before: 1 - distinct / all; 0 when there is none. */
  public static double repeatedShare(List<Integer> ids, int n) {
    int all = ids.size() - n + 1;
    if (all <= 0) {
      return 0;
    }
    Set<List<Integer>> distinct = new HashSet<>();
    for (int i = 0; i < all; i++) {
      distinct.add(ids.subList(i, i + n));
    }
    return 1 - (double) distinct.size() / all;
  }

  /**
   * The smallest period p, at most {@link #LONGEST_PERIOD}, with which the last max(3 p, 200)
   * tokens repeat; empty when the reply does not end in a loop.
   */
  public static OptionalInt tailLoopPeriod(List<Integer> ids) {
    int longest = Math.min(LONGEST_PERIOD, ids.size() / 3);
    for (int period = 1; period <= longest; period++) {
      int length = Math.max(3 * period, SHORTEST_LOOP);
      if (length <= ids.size() && isPeriodic(ids, ids.size() - length, period)) {
        return OptionalInt.of(period);
      }
    }
    return OptionalInt.empty();
  }

  /** Number of tokens before the loop in which a reply ends with a period. */
  public static int tailLoopOnset(List<Integer> ids, int period) {
    int onset = ids.size() - period;
    while (onset > 0 && ids.get(onset - 1).equals(ids.get(onset - 1 + period))) {
      onset--;
    }
    return onset;
  }

  private static boolean isPeriodic(List<Integer> ids, int from, int period) {
    for (int i = from + period; i < ids.size(); i++) {
      if (!ids.get(i).equals(ids.get(i - period))) {
        return false;
      }
    }
    return true;
  }
}
