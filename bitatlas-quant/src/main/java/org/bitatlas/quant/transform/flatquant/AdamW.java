package org.bitatlas.quant.transform.flatquant;

/**
 * One parameter's optimizer: AdamW (Loshchilov and Hutter 2019) with torch's defaults, decay rates
 * .9 and .999, epsilon 1e-8, weight decay .01, in fp32.
 */
final class AdamW {

  private static final double FIRST_DECAY = 0.9;
  private static final double SECOND_DECAY = 0.999;
  private static final float EPSILON = 1e-8f;
  private static final double WEIGHT_DECAY = 0.01;

  private final float[] first;
  private final float[] second;
  private int steps;

  /** An optimizer of {@code count} numbers that has done no step. */
  AdamW(int count) {
    first = new float[count];
    second = new float[count];
  }

  /** Moves {@code values} one step against {@code gradient}. */
  void step(float[] values, float[] gradient, double learningRate) {
    steps++;
    float keep = (float) (1 - learningRate * WEIGHT_DECAY);
    float firstShare = (float) (1 - FIRST_DECAY);
    float secondKeep = (float) SECOND_DECAY;
    float secondShare = (float) (1 - SECOND_DECAY);
    float size = (float) (learningRate / (1 - Math.pow(FIRST_DECAY, steps)));
    float correction = (float) Math.sqrt(1 - Math.pow(SECOND_DECAY, steps));
    for (int i = 0; i < values.length; i++) {
      float slope = gradient[i];
      first[i] += firstShare * (slope - first[i]);
      second[i] = secondKeep * second[i] + secondShare * slope * slope;
      float root = (float) Math.sqrt(second[i]) / correction + EPSILON;
      values[i] = keep * values[i] - size * (first[i] / root);
    }
  }
}
