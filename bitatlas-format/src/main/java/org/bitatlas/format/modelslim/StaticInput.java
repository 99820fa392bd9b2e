package org.bitatlas.format.modelslim;

import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.tensor.BitAtlasException;

/**
 * Static activations of 8 bits on signed codes: q = clamp(round(x / scale + offset), -128, 127).
 *
 * @param scale s, positive and finite
 * @param offset z, -128 to 127; 0 for a symmetric grid
 */
record StaticInput(float scale, int offset) {

  private static final int LEVELS = 255;
  private static final int LIMIT = 127;

  /** How far, in units in the last place, a range is looked for that gives a scale exactly. */
  private static final int NEIGHBOURS = 8;

  StaticInput {
    if (!(scale > 0 && Float.isFinite(scale * LEVELS)) || offset < -LIMIT - 1 || offset > LIMIT) {
      throw new BitAtlasException(
          "Static activations with scale %s and offset %d; expected a positive scale and an offset of -128 to 127."
              .formatted(scale, offset));
    }
  }

  /** What a quantizer with a fixed range of 8 bits does, on signed codes. */
  static StaticInput of(ActivationQuantizer input) {
    float low = input.staticLow();
    float high = input.staticHigh();
    if (input.symmetric()) {
      return new StaticInput(Math.max(high, -low) / LIMIT, 0);
    }
    float scale = (high - low) / LEVELS;
    return new StaticInput(scale, -LIMIT - 1 - (int) Math.rint(low / scale));
  }

  /**
   * A quantizer that does the same: bit for bit where some range has this scale, as every range
   * that was written has; else with the nearest scale.
   */
  ActivationQuantizer quantizer() {
    if (offset == 0) {
      float high = scale * LIMIT;
      for (int step = 0; step <= NEIGHBOURS; step++) {
        for (float candidate : new float[] {shifted(high, step), shifted(high, -step)}) {
          if (candidate / LIMIT == scale) {
            return ActivationQuantizer.perTensor(8, true, -candidate, candidate);
          }
        }
      }
      return ActivationQuantizer.perTensor(8, true, -high, high);
    }
    float low = scale * (-LIMIT - 1 - offset);
    for (int down = -NEIGHBOURS; down <= NEIGHBOURS; down++) {
      for (int up = -NEIGHBOURS; up <= NEIGHBOURS; up++) {
        float candidateLow = Math.min(0, shifted(low, down));
        float candidateHigh = Math.max(0, shifted(scale * (LIMIT - offset), up));
        ActivationQuantizer candidate =
            ActivationQuantizer.perTensor(8, false, candidateLow, candidateHigh);
        if (!candidate.dynamic() && of(candidate).equals(this)) {
          return candidate;
        }
      }
    }
    return ActivationQuantizer.perTensor(8, false, low, scale * (LIMIT - offset));
  }

  private static float shifted(float value, int steps) {
    float moved = value;
    for (int i = 0; i < Math.abs(steps); i++) {
      moved = steps > 0 ? Math.nextUp(moved) : Math.nextDown(moved);
    }
    return moved;
  }
}
