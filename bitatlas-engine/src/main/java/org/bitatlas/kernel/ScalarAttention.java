package org.bitatlas.kernel;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** The truth: each kernel of attention as its definition, one element at a time. */
public final class ScalarAttention implements AttentionKernels {

  private static final int CHAINS = 4;

  /** The scalar provider. */
  public ScalarAttention() {}

  @Override
  public void widen(MemorySegment memory, long at, int width, int columns, MemorySegment target) {
    int perSlab = Panels.ROW_BITS / width;
    for (int column = 0; column < columns; column++) {
      for (int lane = 0; lane < Panels.ROWS; lane++) {
        long slab = at + (long) (column / perSlab) * Panels.SLAB_BYTES;
        int word = memory.get(Panels.WORD, slab + (long) Panels.word(lane) * Integer.BYTES);
        int shift = Panels.shift(lane) + column % perSlab * width;
        int bits = word << (Integer.SIZE - width - shift);
        float value =
            width == Short.SIZE
                ? Float.intBitsToFloat(bits & 0xFFFF0000)
                : bits >> (Integer.SIZE - width);
        target.set(Panels.FLOAT, place(column, lane), value);
      }
    }
  }

  private static long place(int column, int lane) {
    return ((long) column * Panels.ROWS + lane) * Float.BYTES;
  }

  @Override
  public void shift(
      MemorySegment panel, int columns, MemorySegment memory, long offsets, boolean perLane) {
    for (int column = 0; column < columns; column++) {
      for (int lane = 0; lane < Panels.ROWS; lane++) {
        int which = perLane ? lane : column;
        float offset = memory.get(Panels.FLOAT, offsets + (long) which * Float.BYTES);
        long place = place(column, lane);
        panel.set(Panels.FLOAT, place, panel.get(Panels.FLOAT, place) + offset);
      }
    }
  }

  @Override
  public void dot(
      MemorySegment panel, long at, int columns, float[] x, int first, float[] results, int to) {
    float[] chains = new float[CHAINS * Panels.ROWS];
    addDot(panel, at, columns, x, first, chains, 0);
    for (int lane = 0; lane < Panels.ROWS; lane++) {
      results[to + lane] =
          (chains[lane] + chains[Panels.ROWS + lane])
              + (chains[2 * Panels.ROWS + lane] + chains[3 * Panels.ROWS + lane]);
    }
  }

  @Override
  public void addDot(
      MemorySegment panel, long at, int columns, float[] x, int first, float[] chains, int to) {
    for (int column = 0; column < columns; column++) {
      for (int lane = 0; lane < Panels.ROWS; lane++) {
        int chain = to + column % CHAINS * Panels.ROWS + lane;
        float value = panel.get(Panels.FLOAT, at + place(column, lane));
        chains[chain] = Math.fma(value, x[first + column], chains[chain]);
      }
    }
  }

  @Override
  public float largest(float[] scores, int from, int count) {
    float largest = Float.NEGATIVE_INFINITY;
    for (int t = from; t < from + count; t++) {
      largest = Math.max(largest, scores[t]);
    }
    return largest;
  }

  @Override
  public void scaleAndAdd(
      MemorySegment target, long at, float factor, MemorySegment added, long from, int count) {
    for (long i = 0; i < count; i++) {
      long place = i * Float.BYTES;
      float value = target.get(Panels.FLOAT, at + place);
      target.set(
          Panels.FLOAT, at + place, Math.fma(value, factor, added.get(Panels.FLOAT, from + place)));
    }
  }

  @Override
  public float exponentials(float[] scores, int from, int count, float largest) {
    float[] sums = new float[Panels.ROWS];
    for (int t = 0; t < count; t++) {
      float weight = Exponential.of(scores[from + t] - largest);
      scores[from + t] = weight;
      sums[t % Panels.ROWS] += weight;
    }
    return total(sums);
  }

  /** The sum, by adding the upper half to the lower until one is left. */
  static float total(float[] sums) {
    float[] left = Arrays.copyOf(sums, Panels.ROWS);
    for (int half = Panels.ROWS / 2; half > 0; half /= 2) {
      for (int lane = 0; lane < half; lane++) {
        left[lane] += left[lane + half];
      }
    }
    return left[0];
  }
}
