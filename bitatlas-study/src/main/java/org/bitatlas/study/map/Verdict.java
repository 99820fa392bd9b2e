package org.bitatlas.study.map;

/** Result of the paired comparison of a cell with the float model. */
public enum Verdict {
  /** The one-sided 95 % lower bound of the difference is above minus the margin. */
  NON_INFERIOR,
  /** The one-sided 95 % upper bound of the difference is below 0, and it is not non-inferior. */
  WORSE,
  /** Neither is shown: the items are too few for this margin. */
  INCONCLUSIVE,
  /** One of the two cells has no number, or they were not asked the same items. */
  NOT_COMPARABLE
}
