package org.bitatlas.kernel;

import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.FloatVector;

/** Blocks on the Vector API, every lane with the operations of the scalar provider. */
public final class VectorBlockKernels implements BlockKernels {

  /** The vector provider; the JVM must run with jdk.incubator.vector. */
  public VectorBlockKernels() {}

  private static FloatVector at(float[] values, int index) {
    return FloatVector.fromArray(Lanes.FLOAT, values, index);
  }

  @Override
  public void add(float[] values, int from, int count, float[] target, int to) {
    int i = 0;
    for (; i + Lanes.COUNT <= count; i += Lanes.COUNT) {
      at(target, to + i).add(at(values, from + i)).intoArray(target, to + i);
    }
    for (; i < count; i++) {
      target[to + i] += values[from + i];
    }
  }

  @Override
  public float sumOfSquares(float[] values, int from, int count, float[] chains) {
    int whole = count - count % CHAINS;
    if (Lanes.COUNT > CHAINS) {
      throw new IllegalStateException("vectors wider than the chains");
    }
    for (int lane = 0; lane < CHAINS; lane += Lanes.COUNT) {
      FloatVector sum = FloatVector.zero(Lanes.FLOAT);
      for (int i = lane; i < whole; i += CHAINS) {
        FloatVector value = at(values, from + i);
        sum = value.fma(value, sum);
      }
      sum.intoArray(chains, lane);
    }
    for (int i = whole; i < count; i++) {
      chains[i - whole] = Math.fma(values[from + i], values[from + i], chains[i - whole]);
    }
    return ScalarBlockKernels.inPairs(chains);
  }

  @Override
  public void scale(
      float[] values, int from, int count, float factor, float[] weight, float[] target, int to) {
    int i = 0;
    for (; i + Lanes.COUNT <= count; i += Lanes.COUNT) {
      at(values, from + i).mul(factor).mul(at(weight, i)).intoArray(target, to + i);
    }
    for (; i < count; i++) {
      target[to + i] = values[from + i] * factor * weight[i];
    }
  }

  @Override
  public void swiGlu(float[] gate, int from, float[] up, int first, int count) {
    FloatVector one = FloatVector.broadcast(Lanes.FLOAT, 1);
    int i = 0;
    for (; i + Lanes.COUNT <= count; i += Lanes.COUNT) {
      FloatVector x = at(gate, from + i);
      FloatVector e = VectorAttention.exponential(x.abs().neg());
      x.mul(one.blend(e, x.compare(LT, 0)))
          .div(e.add(one))
          .mul(at(up, first + i))
          .intoArray(gate, from + i);
    }
    for (; i < count; i++) {
      gate[from + i] = ScalarBlockKernels.swiGlu(gate[from + i], up[first + i]);
    }
  }

  @Override
  public void rotate(float[] heads, int from, int dimension, float[] tables) {
    int half = dimension / 2;
    int i = 0;
    for (; i + Lanes.COUNT <= half; i += Lanes.COUNT) {
      FloatVector first = at(heads, from + i);
      FloatVector second = at(heads, from + half + i);
      second.fma(at(tables, dimension + i), first.mul(at(tables, i))).intoArray(heads, from + i);
      first
          .fma(at(tables, dimension + half + i), second.mul(at(tables, half + i)))
          .intoArray(heads, from + half + i);
    }
    for (; i < half; i++) {
      float first = heads[from + i];
      float second = heads[from + half + i];
      heads[from + i] = Math.fma(second, tables[dimension + i], first * tables[i]);
      heads[from + half + i] =
          Math.fma(first, tables[dimension + half + i], second * tables[half + i]);
    }
  }
}
