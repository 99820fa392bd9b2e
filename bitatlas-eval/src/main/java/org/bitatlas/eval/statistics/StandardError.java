package org.bitatlas.eval.statistics;

/** Standard errors as lm-evaluation-harness reports them. */
public final class StandardError {

  private StandardError() {}

  /**
   * Standard error of the mean of {@code count} values of which {@code successes} are 1 and the
   * rest 0: sample standard deviation (with Bessel's correction) over the square root of the count;
   * 0 for a single value.
   */
  public static double ofProportion(int successes, int count) {
    if (count < 2) {
      return 0;
    }
    double mean = (double) successes / count;
    return Math.sqrt(mean * (1 - mean) / (count - 1));
  }

  /**
   * Pooled standard error of groups: sqrt(sum((n_i - 1) n_i se_i^2) / (N - k) / N). It ignores the
   * variance between the groups.
   *
   * @param errors standard error of each group
   * @param counts items of each group
   */
  public static double pooled(double[] errors, int[] counts) {
    if (errors.length != counts.length || counts.length == 0) {
      throw new IllegalArgumentException(errors.length + " errors, " + counts.length + " counts");
    }
    double sum = 0;
    long all = 0;
    for (int i = 0; i < counts.length; i++) {
      sum += (counts[i] - 1.0) * counts[i] * errors[i] * errors[i];
      all += counts[i];
    }
    return Math.sqrt(sum / (all - counts.length) / all);
  }
}
