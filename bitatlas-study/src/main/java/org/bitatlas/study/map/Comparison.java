package org.bitatlas.study.map;

import org.bitatlas.eval.statistics.Verdict;

/**
 * A cell, or all tasks of a row together, against the float model, item by item.
 *
 * @param verdict the verdict: WORSE holds for all claims of the map together ({@link Significance})
 * @param delta accuracy minus the accuracy of the float model, or the difference of the mean
 *     negative log-likelihoods per token for perplexity; NaN when not comparable
 * @param low lower end of the 95 % interval of {@code delta}
 * @param high upper end of the 95 % interval of {@code delta}
 * @param broken items float has right and this cell has wrong
 * @param repaired items float has wrong and this cell has right
 * @param churned items both have wrong, with another answer
 * @param pValue exact two-sided McNemar test of broken against repaired; NaN for perplexity
 * @param items items both were asked; for perplexity windows or documents
 * @param units what the items are when those that belong together count once
 * @param margin the margin of the verdict, in the unit of {@code delta}
 * @param significance what the word "worse" rests on
 * @param ratio accuracy over that of float
 * @param detectable smallest difference that this comparison finds with 80 % power, in the unit of
 *     {@code delta}
 */
public record Comparison(
    Verdict verdict,
    double delta,
    double low,
    double high,
    int broken,
    int repaired,
    int churned,
    double pValue,
    int items,
    int units,
    double margin,
    Significance significance,
    Ratio ratio,
    double detectable) {

  /** Level of the family of all "worse" claims of a map, and of a claim taken alone. */
  public static final double LEVEL = 0.05;

  /**
   * Why a cell is called worse or not.
   *
   * @param alone the verdict if this were the only comparison of the study
   * @param worse one-sided p-value of "worse than float"
   * @param adjusted the same after Holm over all comparisons of the map
   * @param noise difference that the float model has to itself in other batches; NaN when not
   *     measured
   */
  public record Significance(Verdict alone, double worse, double adjusted, double noise) {
    static final Significance NONE =
        new Significance(Verdict.NOT_COMPARABLE, Double.NaN, Double.NaN, Double.NaN);
  }

  /**
   * A ratio to float; NaN for perplexity and where float has nothing right.
   *
   * @param value accuracy over accuracy of float
   * @param low one-sided 95 % lower bound (paired bootstrap)
   * @param high one-sided 95 % upper bound
   */
  public record Ratio(double value, double low, double high) {
    static final Ratio NONE = new Ratio(Double.NaN, Double.NaN, Double.NaN);
  }

  /** A comparison that cannot be made. */
  static final Comparison NOT_COMPARABLE =
      new Comparison(
          Verdict.NOT_COMPARABLE,
          Double.NaN,
          Double.NaN,
          Double.NaN,
          0,
          0,
          0,
          Double.NaN,
          0,
          0,
          0,
          Significance.NONE,
          Ratio.NONE,
          Double.NaN);

  /** Whether there is a difference. */
  public boolean made() {
    return !Double.isNaN(delta);
  }

  /** The same, as one of several: worse needs the adjusted p-value and more than the noise. */
  Comparison among(double adjusted) {
    Verdict alone = significance.alone();
    boolean claimed =
        adjusted < LEVEL && !(Math.abs(delta) <= significance.noise()) || alone != Verdict.WORSE;
    return new Comparison(
        claimed ? alone : Verdict.INCONCLUSIVE,
        delta,
        low,
        high,
        broken,
        repaired,
        churned,
        pValue,
        items,
        units,
        margin,
        new Significance(alone, significance.worse(), adjusted, significance.noise()),
        ratio,
        detectable);
  }
}
