package org.bitatlas.quant.rounding;

/**
 * Factors that the range of a grid is multiplied by in a search for the least sum of |error|^2.4.
 *
 * @param factors in the order in which they are tried; of equal ones the first wins. None: the
 *     range stays as it is
 */
record RangeSearch(float[] factors) {

  /** No search. */
  static final RangeSearch NONE = new RangeSearch(new float[0]);

  /** From 1 down in 80 steps of 1 %: {@code mse} of the GPTQ family. */
  static final RangeSearch SHRINKING = shrinking();

  /** 1, then to 1.1 and to .9 in 50 steps of .2 % each: SliM-LLM. */
  static final RangeSearch AROUND = around();

  private static RangeSearch shrinking() {
    float[] factors = new float[80];
    for (int step = 0; step < factors.length; step++) {
      factors[step] = (float) (1 - (double) step / 100);
    }
    return new RangeSearch(factors);
  }

  private static RangeSearch around() {
    int steps = 50;
    float[] factors = new float[2 * steps + 1];
    factors[0] = 1;
    for (int step = 1; step <= steps; step++) {
      factors[step] = between(1, 1.1f, step, steps);
      factors[steps + step] = between(1, 0.9f, step, steps);
    }
    return new RangeSearch(factors);
  }

  /** Step of {@code steps} from start to end, rounded as torch.linspace does in fp32. */
  private static float between(float start, float end, int step, int steps) {
    float width = (end - start) / steps;
    return step < (steps + 1) / 2 ? start + width * step : end - width * (steps - step);
  }
}
