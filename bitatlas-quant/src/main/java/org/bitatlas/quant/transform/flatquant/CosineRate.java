package org.bitatlas.quant.transform.flatquant;

/**
 * A learning rate that falls along half a cosine from its start to a floor (Loshchilov and Hutter
 * 2017), without warm-up.
 *
 * @param start rate of the first step
 * @param floor rate after the last
 * @param steps number of steps
 */
record CosineRate(double start, double floor, int steps) {

  /** The rate of step 0 .. steps - 1. */
  double at(int step) {
    return floor + (start - floor) * (1 + Math.cos(Math.PI * step / steps)) / 2;
  }
}
