package org.bitatlas.eval.statistics;

import org.hipparchus.distribution.continuous.NormalDistribution;

/**
 * ln(PPL second / PPL first) of two models on the same parts of a text, with its standard error.
 * Both scored the same tokens, so the variance is var first + var second - 2 cov: most of what
 * makes a perplexity uncertain, the choice of the text, is common to both and cancels.
 *
 * @param ratio ln of the ratio of the perplexities: nats per token that the second loses
 * @param standardError of {@code ratio}, from the parts (linearized ratio of sums)
 * @param unpairedError what it would be if the two had scored different texts
 * @param correlation of the losses of the two models over the parts
 * @param parts number of parts
 */
public record LogPerplexityRatio(
    double ratio, double standardError, double unpairedError, double correlation, int parts) {

  /**
   * From sums of negative log-likelihoods.
   *
   * @param first sums of the first model, in nats, at least two parts (windows or documents)
   * @param second sums of the second model
   * @param tokens what a perplexity is per: tokens (or words) of each part
   */
  public static LogPerplexityRatio of(double[] first, double[] second, double[] tokens) {
    int parts = tokens.length;
    if (first.length != parts || second.length != parts || parts < 2) {
      throw new IllegalArgumentException(
          first.length + " and " + second.length + " sums of " + parts + " parts");
    }
    double all = sum(tokens);
    double meanFirst = sum(first) / all;
    double meanSecond = sum(second) / all;
    double variancesFirst = 0;
    double variancesSecond = 0;
    double covariances = 0;
    for (int i = 0; i < parts; i++) {
      double residualFirst = first[i] - meanFirst * tokens[i];
      double residualSecond = second[i] - meanSecond * tokens[i];
      variancesFirst += residualFirst * residualFirst;
      variancesSecond += residualSecond * residualSecond;
      covariances += residualFirst * residualSecond;
    }
    double scale = Math.sqrt(parts / (parts - 1.0)) / all;
    double paired = Math.max(0, variancesFirst + variancesSecond - 2 * covariances);
    return new LogPerplexityRatio(
        meanSecond - meanFirst,
        scale * Math.sqrt(paired),
        scale * Math.sqrt(variancesFirst + variancesSecond),
        covariances / Math.sqrt(variancesFirst * variancesSecond),
        parts);
  }

  /** Normal interval of the ratio. */
  public Interval interval(double confidence) {
    double z = new NormalDistribution().inverseCumulativeProbability((1 + confidence) / 2);
    return new Interval(ratio - z * standardError, ratio + z * standardError);
  }

  /** One-sided p-value of the claim that the second perplexity is higher. */
  public double worse() {
    if (standardError == 0) {
      return ratio > 0 ? 0 : 1;
    }
    return new NormalDistribution().cumulativeProbability(-ratio / standardError);
  }

  private static double sum(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return sum;
  }
}
