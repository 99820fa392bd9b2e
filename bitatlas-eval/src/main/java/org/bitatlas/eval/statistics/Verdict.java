package org.bitatlas.eval.statistics;

/** Outcome of a comparison with a margin chosen beforehand. */
public enum Verdict {
  /** The one-sided 95 % lower bound of the difference is above minus the margin. */
  NON_INFERIOR,
  /** Not non-inferior, and the one-sided 95 % upper bound of the difference is below 0. */
  WORSE,
  /** Neither: the items do not decide. Never to be read as equal. */
  INCONCLUSIVE,
  /** A cell is not OK, or the two cells did not see the same items. */
  NOT_COMPARABLE
}
