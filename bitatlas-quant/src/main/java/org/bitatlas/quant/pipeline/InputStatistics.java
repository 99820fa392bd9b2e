package org.bitatlas.quant.pipeline;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * What the inputs of one {@link org.bitatlas.model.InputGroup} of one block look like: ranges per
 * channel, the outlier profile of the whole, and how the range changes from token to token. Taken
 * batch by batch and merged in batch order, in fp64, so that it does not depend on threads.
 *
 * <p>Values that are not finite are counted and taken as 0.
 *
 * @param tokens number of tokens
 * @param minimum [K] smallest value of each channel
 * @param maximum [K] largest value of each channel
 * @param absoluteSum [K] sum of |x| of each channel
 * @param moments of all values
 * @param tokenMaxima of the largest |x| of each token
 * @param nonFinite values that are NaN or infinite
 */
public record InputStatistics(
    long tokens,
    double[] minimum,
    double[] maximum,
    double[] absoluteSum,
    Moments moments,
    Moments tokenMaxima,
    long nonFinite) {

  /** Elements that are looked at together: what stays in a core's cache. */
  private static final int CHUNK = 1 << 18;

  /**
   * The statistics of one batch.
   *
   * @param inputs X [.. x K], of any float type
   */
  public static InputStatistics of(Tensor inputs) {
    int channels = Math.toIntExact(inputs.size(-1));
    long tokens = inputs.elementCount() / channels;
    long rows = Math.max(1, CHUNK / channels);
    InputStatistics sum = empty(channels);
    for (long from = 0; from < tokens; from += rows) {
      try (TensorScope _ = TensorScope.open()) {
        Tensor x = inputs.reshape(-1, channels).narrow(0, from, Math.min(rows, tokens - from));
        sum = sum.merge(ofChunk(x.to(ElementType.F32)));
      }
    }
    return sum;
  }

  private static InputStatistics empty(int channels) {
    double[] minimum = new double[channels];
    double[] maximum = new double[channels];
    Arrays.fill(minimum, Double.POSITIVE_INFINITY);
    Arrays.fill(maximum, Double.NEGATIVE_INFINITY);
    return new InputStatistics(
        0, minimum, maximum, new double[channels], Moments.NONE, Moments.NONE, 0);
  }

  /** Sums over the rows of a chunk in fp32, the rest in fp64. */
  private static InputStatistics ofChunk(Tensor x) {
    double[] minimum = x.amin(0).toDoubles();
    double[] maximum = x.amax(0).toDoubles();
    if (!allFinite(minimum) || !allFinite(maximum)) {
      return ofDamagedChunk(x);
    }
    Tensor absolute = x.abs();
    Tensor square = x.mul(x);
    return new InputStatistics(
        x.size(0),
        minimum,
        maximum,
        absolute.sum(0).toDoubles(),
        new Moments(
            x.elementCount(),
            total(x),
            total(square),
            total(square.mul(x)),
            total(square.mul(square))),
        Moments.of(absolute.amax(1).toDoubles()),
        0);
  }

  private static InputStatistics ofDamagedChunk(Tensor x) {
    Tensor finite = x.isFinite();
    long bad = x.elementCount() - (long) finite.to(ElementType.I64).sum().item();
    InputStatistics rest = ofChunk(x.where(finite, 0));
    return new InputStatistics(
        rest.tokens,
        rest.minimum,
        rest.maximum,
        rest.absoluteSum,
        rest.moments,
        rest.tokenMaxima,
        bad);
  }

  private static boolean allFinite(double[] values) {
    return Arrays.stream(values).allMatch(Double::isFinite);
  }

  private static double total(Tensor values) {
    double sum = 0;
    for (double channel : values.sum(0).toDoubles()) {
      sum += channel;
    }
    return sum;
  }

  /** These and the next tokens' together; the order of merging decides the last bits. */
  public InputStatistics merge(InputStatistics next) {
    if (next.maximum.length != maximum.length) {
      throw new IllegalArgumentException(next.maximum.length + " channels after " + maximum.length);
    }
    double[] low = new double[maximum.length];
    double[] high = new double[maximum.length];
    double[] sum = new double[maximum.length];
    for (int k = 0; k < sum.length; k++) {
      low[k] = Math.min(minimum[k], next.minimum[k]);
      high[k] = Math.max(maximum[k], next.maximum[k]);
      sum[k] = absoluteSum[k] + next.absoluteSum[k];
    }
    return new InputStatistics(
        tokens + next.tokens,
        low,
        high,
        sum,
        moments.plus(next.moments),
        tokenMaxima.plus(next.tokenMaxima),
        nonFinite + next.nonFinite);
  }

  /** Number of channels K. */
  public int channels() {
    return maximum.length;
  }

  /** max|x| [K] of each channel. */
  public double[] absoluteMaximum() {
    return IntStream.range(0, channels())
        .mapToDouble(k -> Math.max(-minimum[k], maximum[k]))
        .toArray();
  }

  /** mean|x| [K] of each channel. */
  public double[] absoluteMean() {
    return Arrays.stream(absoluteSum).map(sum -> sum / tokens).toArray();
  }

  /** max|x| / sqrt(mean x^2) of all values; 0 when all are 0. */
  public double maximumOverRms() {
    double rms = Math.sqrt(moments.sumOfSquares() / moments.count());
    return rms == 0 ? 0 : Arrays.stream(absoluteMaximum()).max().orElse(0) / rms;
  }

  /** Channels that are 0 for every token. */
  public int deadChannels() {
    return (int) Arrays.stream(absoluteSum).filter(sum -> sum == 0).count();
  }

  /** What a report shows of these statistics. */
  public LayerReport.Inputs profile() {
    return new LayerReport.Inputs(
        tokens,
        Arrays.stream(minimum).min().orElse(0),
        Arrays.stream(maximum).max().orElse(0),
        maximumOverRms(),
        moments.kurtosis(),
        tokenMaxima.mean(),
        tokenMaxima.mean() == 0 ? 0 : tokenMaxima.standardDeviation() / tokenMaxima.mean(),
        deadChannels(),
        nonFinite);
  }
}
