package org.bitatlas.kernel;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.F2I;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.MAX;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;

/** Attention on the Vector API, every lane with the operations of the scalar provider. */
public final class VectorAttention implements AttentionKernels {

  /** The vector provider; the JVM must run with jdk.incubator.vector. */
  public VectorAttention() {}

  @Override
  public void widen(MemorySegment memory, long at, int width, int columns, MemorySegment target) {
    if (width == Short.SIZE) {
      brainFloats(memory, at, columns, target);
    } else {
      codes(memory, at, width, columns, target);
    }
  }

  private static void brainFloats(
      MemorySegment memory, long at, int columns, MemorySegment target) {
    for (int column = 0; column < columns; column++) {
      for (int lane = 0; lane < Panels.WORDS; lane += Lanes.COUNT) {
        long here = at + (long) column * Panels.SLAB_BYTES + (long) lane * Integer.BYTES;
        IntVector v = IntVector.fromMemorySegment(Lanes.INT, memory, here, Lanes.ORDER);
        long to = ((long) column * Panels.ROWS + lane) * Float.BYTES;
        v.lanewise(LSHL, Panels.ROW_BITS)
            .reinterpretAsFloats()
            .intoMemorySegment(target, to, Lanes.ORDER);
        v.and(0xFFFF0000)
            .reinterpretAsFloats()
            .intoMemorySegment(target, to + Panels.SLAB_BYTES, Lanes.ORDER);
      }
    }
  }

  private static void codes(
      MemorySegment memory, long at, int width, int columns, MemorySegment target) {
    int perSlab = Panels.ROW_BITS / width;
    int right = Integer.SIZE - width;
    for (int column = 0; column < columns; column += perSlab) {
      int inSlab = Math.min(perSlab, columns - column);
      long slab = at + (long) (column / perSlab) * Panels.SLAB_BYTES;
      for (int lane = 0; lane < Panels.WORDS; lane += Lanes.COUNT) {
        IntVector v =
            IntVector.fromMemorySegment(
                Lanes.INT, memory, slab + (long) lane * Integer.BYTES, Lanes.ORDER);
        long to = ((long) column * Panels.ROWS + lane) * Float.BYTES;
        for (int j = 0; j < inSlab; j++) {
          int left = right - j * width;
          ((FloatVector) v.lanewise(LSHL, left).lanewise(ASHR, right).convert(I2F, 0))
              .intoMemorySegment(target, to, Lanes.ORDER);
          ((FloatVector)
                  v.lanewise(LSHL, left - Panels.ROW_BITS).lanewise(ASHR, right).convert(I2F, 0))
              .intoMemorySegment(target, to + Panels.SLAB_BYTES, Lanes.ORDER);
          to += Panels.FLOATS_BYTES;
        }
      }
    }
  }

  @Override
  public void shift(
      MemorySegment panel, int columns, MemorySegment memory, long offsets, boolean perLane) {
    for (int lane = 0; lane < Panels.ROWS; lane += Lanes.COUNT) {
      long place = (long) lane * Float.BYTES;
      FloatVector ofLanes =
          FloatVector.fromMemorySegment(Lanes.FLOAT, memory, offsets + place, Lanes.ORDER);
      for (int column = 0; column < columns; column++) {
        long at = place + (long) column * Panels.FLOATS_BYTES;
        FloatVector value = FloatVector.fromMemorySegment(Lanes.FLOAT, panel, at, Lanes.ORDER);
        FloatVector shifted =
            perLane
                ? value.add(ofLanes)
                : value.add(memory.get(Panels.FLOAT, offsets + (long) column * Float.BYTES));
        shifted.intoMemorySegment(panel, at, Lanes.ORDER);
      }
    }
  }

  @Override
  public void dot(
      MemorySegment panel, long at, int columns, float[] x, int first, float[] results, int to) {
    for (int lane = 0; lane < Panels.ROWS; lane += Lanes.COUNT) {
      FloatVector c0 = FloatVector.zero(Lanes.FLOAT);
      FloatVector c1 = c0;
      FloatVector c2 = c0;
      FloatVector c3 = c0;
      long here = at + (long) lane * Float.BYTES;
      int p = 0;
      for (; p + 4 <= columns; p += 4) {
        c0 = column(panel, here, p).fma(broadcast(x, first + p), c0);
        c1 = column(panel, here, p + 1).fma(broadcast(x, first + p + 1), c1);
        c2 = column(panel, here, p + 2).fma(broadcast(x, first + p + 2), c2);
        c3 = column(panel, here, p + 3).fma(broadcast(x, first + p + 3), c3);
      }
      if (p < columns) {
        c0 = column(panel, here, p).fma(broadcast(x, first + p), c0);
      }
      if (p + 1 < columns) {
        c1 = column(panel, here, p + 1).fma(broadcast(x, first + p + 1), c1);
      }
      if (p + 2 < columns) {
        c2 = column(panel, here, p + 2).fma(broadcast(x, first + p + 2), c2);
      }
      c0.add(c1).add(c2.add(c3)).intoArray(results, to + lane);
    }
  }

  @Override
  public void addDot(
      MemorySegment panel, long at, int columns, float[] x, int first, float[] chains, int to) {
    for (int lane = 0; lane < Panels.ROWS; lane += Lanes.COUNT) {
      int chain = to + lane;
      FloatVector c0 = FloatVector.fromArray(Lanes.FLOAT, chains, chain);
      FloatVector c1 = FloatVector.fromArray(Lanes.FLOAT, chains, chain + Panels.ROWS);
      FloatVector c2 = FloatVector.fromArray(Lanes.FLOAT, chains, chain + 2 * Panels.ROWS);
      FloatVector c3 = FloatVector.fromArray(Lanes.FLOAT, chains, chain + 3 * Panels.ROWS);
      long here = at + (long) lane * Float.BYTES;
      int p = 0;
      for (; p + 4 <= columns; p += 4) {
        c0 = column(panel, here, p).fma(broadcast(x, first + p), c0);
        c1 = column(panel, here, p + 1).fma(broadcast(x, first + p + 1), c1);
        c2 = column(panel, here, p + 2).fma(broadcast(x, first + p + 2), c2);
        c3 = column(panel, here, p + 3).fma(broadcast(x, first + p + 3), c3);
      }
      if (p < columns) {
        c0 = column(panel, here, p).fma(broadcast(x, first + p), c0);
      }
      if (p + 1 < columns) {
        c1 = column(panel, here, p + 1).fma(broadcast(x, first + p + 1), c1);
      }
      if (p + 2 < columns) {
        c2 = column(panel, here, p + 2).fma(broadcast(x, first + p + 2), c2);
      }
      c0.intoArray(chains, chain);
      c1.intoArray(chains, chain + Panels.ROWS);
      c2.intoArray(chains, chain + 2 * Panels.ROWS);
      c3.intoArray(chains, chain + 3 * Panels.ROWS);
    }
  }

  private static FloatVector column(MemorySegment panel, long at, int column) {
    return FloatVector.fromMemorySegment(
        Lanes.FLOAT, panel, at + (long) column * Panels.FLOATS_BYTES, Lanes.ORDER);
  }

  private static FloatVector broadcast(float[] x, int at) {
    return FloatVector.broadcast(Lanes.FLOAT, x[at]);
  }

  @Override
  public float largest(float[] scores, int from, int count) {
    FloatVector most = FloatVector.broadcast(Lanes.FLOAT, Float.NEGATIVE_INFINITY);
    for (int t = 0; t < count; t += Lanes.COUNT) {
      most = most.max(FloatVector.fromArray(Lanes.FLOAT, scores, from + t));
    }
    return most.reduceLanes(MAX);
  }

  @Override
  public void scaleAndAdd(
      MemorySegment target, long at, float factor, MemorySegment added, long from, int count) {
    FloatVector factors = FloatVector.broadcast(Lanes.FLOAT, factor);
    int whole = count - count % Lanes.COUNT;
    for (int i = 0; i < whole; i += Lanes.COUNT) {
      long place = (long) i * Float.BYTES;
      FloatVector.fromMemorySegment(Lanes.FLOAT, target, at + place, Lanes.ORDER)
          .fma(
              factors, FloatVector.fromMemorySegment(Lanes.FLOAT, added, from + place, Lanes.ORDER))
          .intoMemorySegment(target, at + place, Lanes.ORDER);
    }
    for (int i = whole; i < count; i++) {
      long place = (long) i * Float.BYTES;
      float value = target.get(Panels.FLOAT, at + place);
      target.set(
          Panels.FLOAT, at + place, Math.fma(value, factor, added.get(Panels.FLOAT, from + place)));
    }
  }

  @Override
  public float exponentials(float[] scores, int from, int count, float largest) {
    float[] sums = new float[Panels.ROWS];
    for (int lane = 0; lane < Panels.ROWS; lane += Lanes.COUNT) {
      FloatVector sum = FloatVector.zero(Lanes.FLOAT);
      for (int t = lane; t < count; t += Panels.ROWS) {
        FloatVector weight =
            exponential(FloatVector.fromArray(Lanes.FLOAT, scores, from + t).sub(largest));
        weight.intoArray(scores, from + t);
        sum = sum.add(weight);
      }
      sum.intoArray(sums, lane);
    }
    return ScalarAttention.total(sums);
  }

  /** As {@link Exponential#of}. */
  static FloatVector exponential(FloatVector x) {
    VectorMask<Float> tiny = x.compare(LT, Exponential.LEAST);
    FloatVector rounding = FloatVector.broadcast(Lanes.FLOAT, Exponential.ROUNDING);
    FloatVector n =
        x.fma(FloatVector.broadcast(Lanes.FLOAT, Exponential.LOG2_E), rounding).sub(rounding);
    FloatVector r =
        n.fma(
            FloatVector.broadcast(Lanes.FLOAT, Exponential.LOW),
            n.fma(FloatVector.broadcast(Lanes.FLOAT, Exponential.HIGH), x));
    FloatVector p =
        FloatVector.broadcast(Lanes.FLOAT, Exponential.C7)
            .fma(r, FloatVector.broadcast(Lanes.FLOAT, Exponential.C6));
    p = p.fma(r, FloatVector.broadcast(Lanes.FLOAT, Exponential.C5));
    p = p.fma(r, FloatVector.broadcast(Lanes.FLOAT, Exponential.C4));
    p = p.fma(r, FloatVector.broadcast(Lanes.FLOAT, Exponential.C3));
    p = p.fma(r, FloatVector.broadcast(Lanes.FLOAT, Exponential.C2));
    p = p.fma(r.mul(r), r).add(1);
    FloatVector power =
        ((IntVector) n.convert(F2I, 0))
            .add(Exponential.BIAS)
            .lanewise(LSHL, Exponential.MANTISSA_BITS)
            .reinterpretAsFloats();
    return p.mul(power).blend(0, tiny);
  }
}
