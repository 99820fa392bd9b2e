package org.bitatlas.study.map;

import org.bitatlas.eval.statistics.Verdict;

/**
 * A cell against the float model, item by item.
 *
 * @param verdict the verdict
 * @param delta accuracy minus the accuracy of the float model, or the difference of the mean
 *     negative log-likelihoods per token for perplexity; NaN when not comparable
 * @param low lower end of the 95 % interval of {@code delta}
 * @param high upper end of the 95 % interval of {@code delta}
 * @param broken items float has right and this cell has wrong
 * @param repaired items float has wrong and this cell has right
 * @param pValue exact two-sided McNemar test of broken against repaired; NaN for perplexity
 * @param items items both were asked
 * @param margin the margin of the verdict, in the unit of {@code delta}
 */
public record Comparison(
    Verdict verdict,
    double delta,
    double low,
    double high,
    int broken,
    int repaired,
    double pValue,
    int items,
    double margin) {

  /** A comparison that cannot be made. */
  static final Comparison NOT_COMPARABLE =
      new Comparison(
          Verdict.NOT_COMPARABLE, Double.NaN, Double.NaN, Double.NaN, 0, 0, Double.NaN, 0, 0);
}
