package org.bitatlas.quant.rounding;

import org.bitatlas.quant.method.Grid;
import org.bitatlas.quant.method.WeightScheme;
import org.bitatlas.tensor.BitAtlasException;

/**
 * Fits scale and zero point of a run of weights, and rounds weights to codes. All arithmetic is
 * fp32 in the order of the reference repositories, so that codes are equal to theirs.
 */
public final class GridFitter {

  private static final float SMALLEST_RANGE = 1e-5f;
  private static final float FLOAT_EPSILON = 0x1p-23f;
  private static final float[] EVEN = {};

  private final Grid grid;
  private final int bits;
  private final RangeSearch rangeSearch;
  private final boolean keepsZeroInTheMiddle;
  private final float maxCode;
  private final float middle;
  private final boolean roundsAfterShift;

  /**
   * A fitter.
   *
   * @param bits 1 to 8
   * @param searchRange whether the range is shrunk in 80 steps of 1 % to the least sum of
   *     |error|^2.4
   */
  public GridFitter(Grid grid, int bits, boolean searchRange) {
    this(grid, bits, searchRange ? RangeSearch.SHRINKING : RangeSearch.NONE, false);
  }

  /**
   * A fitter.
   *
   * @param keepsZeroInTheMiddle whether the zero point of {@link Grid#GPTQ_ASYMMETRIC} is 2^(b-1)
   *     whatever the range, as SliM-LLM's quantizer has it before it is told that it is asymmetric
   */
  GridFitter(Grid grid, int bits, RangeSearch rangeSearch, boolean keepsZeroInTheMiddle) {
    this.grid = grid;
    this.bits = bits;
    this.rangeSearch = rangeSearch;
    this.keepsZeroInTheMiddle = keepsZeroInTheMiddle;
    this.maxCode = (1 << bits) - 1;
    this.middle = 1 << (bits - 1);
    this.roundsAfterShift = grid == Grid.COMPRESSED_TENSORS_ASYMMETRIC;
  }

  /** The fitter of a scheme. */
  public static GridFitter of(WeightScheme scheme) {
    return new GridFitter(scheme.grid(), scheme.bits(), scheme.meanSquaredErrorClip());
  }

  /** Bits of a code. */
  public int bits() {
    return bits;
  }

  /** Whether the zero point is constant. */
  public boolean symmetric() {
    return grid.symmetric();
  }

  /**
   * The grid of {@code weights[from .. to)}.
   *
   * @throws BitAtlasException when the range of the weights is not finite
   */
  public GridParameters fit(float[] weights, int from, int to) {
    return fit(weights, from, to, EVEN);
  }

  /**
   * The grid of {@code weights[from .. to)}.
   *
   * @param importance [to - from] what the error of each counts in a search; empty for 1
   * @throws BitAtlasException when the range of the weights is not finite
   */
  GridParameters fit(float[] weights, int from, int to, float[] importance) {
    float lowest = Float.POSITIVE_INFINITY;
    float highest = Float.NEGATIVE_INFINITY;
    for (int k = from; k < to; k++) {
      lowest = Math.min(lowest, weights[k]);
      highest = Math.max(highest, weights[k]);
    }
    Range range = range(lowest, highest);
    GridParameters fitted = parameters(range.low(), range.high(), true);
    if (!Float.isFinite(fitted.scale())) {
      throw new BitAtlasException(
          "A weight range of %s to %s cannot be quantized: it is not finite in fp32."
              .formatted(lowest, highest));
    }
    return search(weights, from, to, importance, range, fitted);
  }

  /**
   * Fits a grid to {@code weights[from .. to)} and replaces them by its nearest points.
   *
   * @throws BitAtlasException when the range of the weights is not finite
   */
  public void roundInPlace(float[] weights, int from, int to) {
    GridParameters parameters = fit(weights, from, to);
    float scale = parameters.scale();
    float zero = parameters.zero();
    for (int k = from; k < to; k++) {
      weights[k] = dequantize(code(weights[k], scale, zero), scale, zero);
    }
  }

  private record Range(float low, float high) {}

  /** The range the grid covers before any search. */
  private Range range(float lowest, float highest) {
    float low = Math.min(lowest, 0);
    float high = Math.max(highest, 0);
    float absolute = Math.max(-low, high);
    boolean zeros = low == 0 && high == 0;
    return switch (grid) {
      case GPTQ_ASYMMETRIC, QUAROT_ASYMMETRIC -> zeros ? new Range(-1, 1) : new Range(low, high);
      case GPTQ_SYMMETRIC ->
          zeros ? new Range(-1, 1) : new Range(low < 0 ? -absolute : 0, absolute);
      case QUAROT_SYMMETRIC -> {
        float clamped = Math.max(absolute, SMALLEST_RANGE);
        yield new Range(-clamped, clamped);
      }
      case AWQ_ASYMMETRIC -> new Range(lowest, highest);
      case COMPRESSED_TENSORS_SYMMETRIC -> new Range(-absolute, absolute);
      case COMPRESSED_TENSORS_ASYMMETRIC -> new Range(low, high);
    };
  }

  /**
   * Scale and zero point of a range.
   *
   * @param first whether this is the unshrunk range, the only one some grids keep from vanishing
   */
  private GridParameters parameters(float low, float high, boolean first) {
    return switch (grid) {
      case GPTQ_ASYMMETRIC ->
          keepsZeroInTheMiddle
              ? new GridParameters(positive((high - low) / maxCode), middle)
              : asymmetric(low, (high - low) / maxCode);
      case QUAROT_ASYMMETRIC -> {
        float width = first ? Math.max(high - low, SMALLEST_RANGE) : high - low;
        yield asymmetric(low, width / maxCode);
      }
      case GPTQ_SYMMETRIC -> new GridParameters(positive((high - low) / maxCode), middle);
      case QUAROT_SYMMETRIC -> new GridParameters(high / (middle - 1), middle);
      case AWQ_ASYMMETRIC -> {
        float scale = Math.max(high - low, SMALLEST_RANGE) / maxCode;
        yield new GridParameters(scale, clamp(-rint(low / scale)));
      }
      case COMPRESSED_TENSORS_SYMMETRIC -> {
        float scale = high / (maxCode / 2);
        yield new GridParameters(scale == 0 ? FLOAT_EPSILON : scale, middle);
      }
      case COMPRESSED_TENSORS_ASYMMETRIC -> {
        float scale = (high - low) / maxCode;
        if (scale == 0) {
          yield new GridParameters(FLOAT_EPSILON, middle);
        }
        float signed = Math.clamp(-middle - low / scale, -middle, middle - 1);
        yield new GridParameters(scale, rint(signed) + middle);
      }
    };
  }

  private GridParameters asymmetric(float low, float scale) {
    float usable = positive(scale);
    return new GridParameters(usable, clamp(rint(-low / usable)));
  }

  /** A range of subnormal width has scale 0 in fp32, where the references divide by it. */
  private static float positive(float scale) {
    return scale == 0 ? Float.MIN_NORMAL : scale;
  }

  /** The searched range of least error; of equal ones the first. */
  private GridParameters search(
      float[] weights,
      int from,
      int to,
      float[] importance,
      Range range,
      GridParameters unsearched) {
    GridParameters best = unsearched;
    double least = Double.POSITIVE_INFINITY;
    for (float factor : rangeSearch.factors()) {
      GridParameters candidate = parameters(factor * range.low(), factor * range.high(), false);
      double error = error(weights, from, to, importance, candidate, least);
      if (error < least) {
        least = error;
        best = candidate;
      }
    }
    return best;
  }

  /** Weighted sum of |error|^2.4; stops when it has reached {@code limit}. */
  private double error(
      float[] weights,
      int from,
      int to,
      float[] importance,
      GridParameters candidate,
      double limit) {
    float scale = candidate.scale();
    float zero = candidate.zero();
    boolean even = importance.length == 0;
    double sum = 0;
    for (int k = from; k < to && sum < limit; k++) {
      float error = dequantize(code(weights[k], scale, zero), scale, zero) - weights[k];
      double power = ErrorPower.of(error);
      sum += even ? power : importance[k - from] * power;
    }
    return sum;
  }

  /** The code of {@code weight}, a whole number from 0 to 2^bits - 1. */
  float code(float weight, float scale, float zero) {
    if (roundsAfterShift) {
      return clamp(rint(weight / scale + (zero - middle)) + middle);
    }
    return clamp(rint(weight / scale) + zero);
  }

  /** The weight of a code. */
  static float dequantize(float code, float scale, float zero) {
    return scale * (code - zero);
  }

  private float clamp(float code) {
    return Math.min(Math.max(code, 0), maxCode);
  }

  private static float rint(float value) {
    return (float) Math.rint(value);
  }
}
