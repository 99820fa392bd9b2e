package org.bitatlas.generate;

import java.util.Arrays;
import java.util.OptionalInt;
import java.util.SplittableRandom;

/** Draws tokens for one request: temperature, then top-k, then top-p, then one uniform number. */
final class TokenSampler {

  private final Sampling.Random sampling;
  private final SplittableRandom random;

  TokenSampler(Sampling.Random sampling) {
    this.sampling = sampling;
    this.random = new SplittableRandom(sampling.seed());
  }

  /** A token, or empty when the logits are not finite. */
  OptionalInt choose(float[] logits) {
    float largest = Float.NEGATIVE_INFINITY;
    for (float logit : logits) {
      if (Float.isNaN(logit)) {
        return OptionalInt.empty();
      }
      largest = Math.max(largest, logit);
    }
    if (Float.isInfinite(largest)) {
      return OptionalInt.empty();
    }
    int[] candidates = candidates(logits);
    double[] weights = new double[candidates.length];
    double total = 0;
    for (int i = 0; i < candidates.length; i++) {
      weights[i] = Math.exp((logits[candidates[i]] - (double) largest) / sampling.temperature());
      total += weights[i];
    }
    int kept = nucleus(weights, total);
    double mass = 0;
    for (int i = 0; i < kept; i++) {
      mass += weights[i];
    }
    double target = random.nextDouble() * mass;
    int chosen = 0;
    double sum = 0;
    for (int i = 0; i < kept && sum <= target; i++) {
      if (weights[i] > 0) {
        chosen = i;
      }
      sum += weights[i];
    }
    return OptionalInt.of(candidates[chosen]);
  }

  /** All tokens in id order, or the top k by logit (ties by id) when an order is needed. */
  private int[] candidates(float[] logits) {
    boolean all = sampling.topK() <= 0 || sampling.topK() >= logits.length;
    int[] ids = new int[logits.length];
    if (all && sampling.topP() >= 1) {
      Arrays.setAll(ids, id -> id);
      return ids;
    }
    long[] keys = new long[logits.length];
    for (int id = 0; id < keys.length; id++) {
      int bits = Float.floatToIntBits(-logits[id] + 0.0f);
      int ordered = bits ^ ((bits >> 31) & Integer.MAX_VALUE);
      keys[id] = ((long) ordered << 32) | id;
    }
    Arrays.sort(keys);
    Arrays.setAll(ids, rank -> (int) keys[rank]);
    return all ? ids : Arrays.copyOf(ids, sampling.topK());
  }

  /** Length of the smallest prefix with at least top-p of the mass. */
  private int nucleus(double[] weights, double total) {
    if (sampling.topP() >= 1) {
      return weights.length;
    }
    double sum = 0;
    for (int i = 0; i < weights.length; i++) {
      sum += weights[i];
      if (sum >= sampling.topP() * total) {
        return i + 1;
      }
    }
    return weights.length;
  }
}
