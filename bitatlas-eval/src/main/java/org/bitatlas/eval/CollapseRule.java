package org.bitatlas.eval;

import org.bitatlas.tensor.BitAtlasException;

/**
 * When a generative cell ends early as COLLAPSED: after a whole number of chunks with at least
 * {@code afterItems} items asked, the accuracy so far is at most {@code maximumAccuracy} and the
 * share of replies without an end (their budget ran out) is at least {@code minimumTruncatedRate}.
 *
 * <p>Such a model writes without end, so the rest of the cell would cost the most time and could
 * not change the reading: with 60 items and 2 % right, the 95 % Wilson upper bound is below 9 %.
 *
 * @param afterItems items that must have been asked
 * @param maximumAccuracy accuracy not to exceed, 0 to 1
 * @param minimumTruncatedRate share of truncated replies to reach, 0 to 1
 */
public record CollapseRule(int afterItems, double maximumAccuracy, double minimumTruncatedRate) {

  /** Checks the ranges. */
  public CollapseRule {
    if (afterItems < 1) {
      throw new BitAtlasException(
          "A collapse rule needs at least one item, but has afterItems " + afterItems + ".");
    }
    if (!(maximumAccuracy >= 0 && maximumAccuracy <= 1)
        || !(minimumTruncatedRate >= 0 && minimumTruncatedRate <= 1)) {
      throw new BitAtlasException(
          "The rates of a collapse rule lie in 0..1, but are "
              + maximumAccuracy
              + " and "
              + minimumTruncatedRate
              + ".");
    }
  }

  /** Whether a cell with these counts has collapsed. */
  public boolean holds(int asked, int correct, int truncated) {
    return asked >= afterItems
        && correct <= maximumAccuracy * asked
        && truncated >= minimumTruncatedRate * asked;
  }

  /** The rule as one line. */
  public String describe() {
    return "after "
        + afterItems
        + " items accuracy at most "
        + maximumAccuracy
        + " and at least "
        + minimumTruncatedRate
        + " of the replies without an end";
  }
}
