package org.bitatlas.quant.pipeline;

/**
 * Sums of powers of a set of values, from which mean, spread and kurtosis follow.
 *
 * @param count number of values
 * @param sum of x
 * @param sumOfSquares of x^2
 * @param sumOfCubes of x^3
 * @param sumOfFourths of x^4
 */
public record Moments(
    long count, double sum, double sumOfSquares, double sumOfCubes, double sumOfFourths) {

  /** Of no values. */
  public static final Moments NONE = new Moments(0, 0, 0, 0, 0);

  /** Of some values. */
  public static Moments of(double[] values) {
    double first = 0;
    double second = 0;
    double third = 0;
    double fourth = 0;
    for (double value : values) {
      double square = value * value;
      first += value;
      second += square;
      third += square * value;
      fourth += square * square;
    }
    return new Moments(values.length, first, second, third, fourth);
  }

  /** Of these values and others. */
  public Moments plus(Moments other) {
    return new Moments(
        count + other.count,
        sum + other.sum,
        sumOfSquares + other.sumOfSquares,
        sumOfCubes + other.sumOfCubes,
        sumOfFourths + other.sumOfFourths);
  }

  /** Mean; 0 of no values. */
  public double mean() {
    return count == 0 ? 0 : sum / count;
  }

  /** Standard deviation of the whole population; 0 of no values. */
  public double standardDeviation() {
    return Math.sqrt(variance());
  }

  private double variance() {
    return count == 0 ? 0 : Math.max(0, sumOfSquares / count - mean() * mean());
  }

  /**
   * mean((x - mean)^4) / variance^2: 3 for a normal distribution, 1 for a coin, K for one channel
   * of K that is not 0. 0 when all values are equal.
   */
  public double kurtosis() {
    double variance = variance();
    if (variance == 0) {
      return 0;
    }
    double mean = mean();
    double fourth =
        sumOfFourths / count
            - 4 * mean * sumOfCubes / count
            + 6 * mean * mean * sumOfSquares / count
            - 3 * mean * mean * mean * mean;
    return fourth / (variance * variance);
  }
}
