package org.bitatlas.eval.metric;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bitatlas.generate.ScoringRequest;

/**
 * Windows over a text in which every token is predicted once, as lm-evaluation-harness cuts them
 * (rolling windows with a context of one token, made disjoint): the first window predicts from a
 * prefix token, each later one from the last token before it, and the last one reaches back for as
 * much context as fits.
 */
public final class RollingWindows {

  private RollingWindows() {}

  /**
   * The windows to score.
   *
   * @param tokens all of them are predicted
   * @param prefix what the first token is predicted from
   * @param window most tokens that are predicted at once, at least 1
   */
  public static List<ScoringRequest> of(int[] tokens, int prefix, int window) {
    if (window < 1) {
      throw new IllegalArgumentException("a window of " + window + " tokens");
    }
    List<ScoringRequest> windows = new ArrayList<>();
    for (int from = 0; from < tokens.length; from += window) {
      int to = Math.min(from + window, tokens.length);
      int start = from == 0 ? 0 : Math.max(0, to - window - 1);
      int[] ids = from == 0 ? prepend(prefix, tokens, to) : Arrays.copyOfRange(tokens, start, to);
      windows.add(new ScoringRequest(ids, from == 0 ? 1 : from - start));
    }
    return windows;
  }

  private static int[] prepend(int first, int[] ids, int to) {
    int[] row = new int[to + 1];
    row[0] = first;
    System.arraycopy(ids, 0, row, 1, to);
    return row;
  }
}
