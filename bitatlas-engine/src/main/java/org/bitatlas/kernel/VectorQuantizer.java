package org.bitatlas.kernel;

import static jdk.incubator.vector.VectorOperators.F2I;
import static jdk.incubator.vector.VectorOperators.I2S;
import static jdk.incubator.vector.VectorOperators.MAX;
import static jdk.incubator.vector.VectorOperators.MIN;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.ShortVector;

/** Range and codes of activations; the same operations as {@link ActivationRange}. */
final class VectorQuantizer {

  private VectorQuantizer() {}

  /** The least of 0 and the values; not a number where one is not. */
  static float low(float[] values, int from, int count) {
    FloatVector low = FloatVector.zero(Lanes.FLOAT);
    int k = 0;
    for (; k + Lanes.COUNT <= count; k += Lanes.COUNT) {
      low = low.min(FloatVector.fromArray(Lanes.FLOAT, values, from + k));
    }
    float least = low.reduceLanes(MIN);
    for (; k < count; k++) {
      least = Math.min(least, values[from + k]);
    }
    return least;
  }

  /** The greatest of 0 and the values; not a number where one is not. */
  static float high(float[] values, int from, int count) {
    FloatVector high = FloatVector.zero(Lanes.FLOAT);
    int k = 0;
    for (; k + Lanes.COUNT <= count; k += Lanes.COUNT) {
      high = high.max(FloatVector.fromArray(Lanes.FLOAT, values, from + k));
    }
    float greatest = high.reduceLanes(MAX);
    for (; k < count; k++) {
      greatest = Math.max(greatest, values[from + k]);
    }
    return greatest;
  }

  /** Codes of a row. */
  static void codes(
      float[] values, int from, int count, ActivationRange range, short[] codes, int to) {
    FloatVector scale = FloatVector.broadcast(Lanes.FLOAT, range.scale());
    FloatVector least = FloatVector.broadcast(Lanes.FLOAT, range.least());
    FloatVector greatest = FloatVector.broadcast(Lanes.FLOAT, range.greatest());
    FloatVector rounding = FloatVector.broadcast(Lanes.FLOAT, ActivationRange.ROUNDING);
    int k = 0;
    for (; k + Lanes.COUNT <= count; k += Lanes.COUNT) {
      FloatVector clamped =
          FloatVector.fromArray(Lanes.FLOAT, values, from + k).div(scale).max(least).min(greatest);
      ((ShortVector)
              clamped
                  .add(rounding)
                  .sub(rounding)
                  .convert(F2I, 0)
                  .convertShape(I2S, Lanes.NARROW, 0))
          .intoArray(codes, to + k);
    }
    for (; k < count; k++) {
      codes[to + k] = (short) range.code(values[from + k]);
    }
  }
}
