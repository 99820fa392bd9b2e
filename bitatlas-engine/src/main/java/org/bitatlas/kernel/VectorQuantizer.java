package org.bitatlas.kernel;

import static jdk.incubator.vector.VectorOperators.F2I;
import static jdk.incubator.vector.VectorOperators.I2S;
import static jdk.incubator.vector.VectorOperators.MAX;
import static jdk.incubator.vector.VectorOperators.MIN;
import static jdk.incubator.vector.VectorOperators.S2B;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.ShortVector;
import org.bitatlas.scheme.ActivationQuantizer;

/** Range and codes of activations; the same operations as {@link ActivationRange}. */
final class VectorQuantizer {

  private VectorQuantizer() {}

  /** The grid of values: their least and their greatest, and 0, in one pass. */
  static ActivationRange fit(
      float[] values, int from, int count, ActivationQuantizer quantizer, ActivationRange range) {
    FloatVector low = FloatVector.zero(Lanes.FLOAT);
    FloatVector high = low;
    FloatVector lower = low;
    FloatVector higher = low;
    int k = 0;
    for (; k + 2 * Lanes.COUNT <= count; k += 2 * Lanes.COUNT) {
      FloatVector v = FloatVector.fromArray(Lanes.FLOAT, values, from + k);
      FloatVector w = FloatVector.fromArray(Lanes.FLOAT, values, from + k + Lanes.COUNT);
      low = low.min(v);
      high = high.max(v);
      lower = lower.min(w);
      higher = higher.max(w);
    }
    float least = low.min(lower).reduceLanes(MIN);
    float greatest = high.max(higher).reduceLanes(MAX);
    for (; k < count; k++) {
      least = Math.min(least, values[from + k]);
      greatest = Math.max(greatest, values[from + k]);
    }
    return range.fit(least, greatest, quantizer);
  }

  /** See {@link RowKernels#narrow}. */
  static void narrow(short[] codes, int from, int count, int shift, byte[] target) {
    int lanes = Lanes.SHORT.length();
    int k = 0;
    for (; k + lanes <= count; k += lanes) {
      ((ByteVector)
              ShortVector.fromArray(Lanes.SHORT, codes, from + k)
                  .sub((short) shift)
                  .convertShape(S2B, Lanes.BYTES, 0))
          .intoArray(target, k);
    }
    for (; k < count; k++) {
      target[k] = (byte) (codes[from + k] - shift);
    }
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
