package org.bitatlas.quant.rounding;

import java.util.Optional;
import org.bitatlas.quant.method.Grid;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.NativeRuntime;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * How far a layer's outputs move when m groups lose a bit and m groups gain one (SliM-LLM, Huang et
 * al. 2024, section 3.2): the Kullback-Leibler divergence of softmax over the output features,
 * between the rounded weight's outputs and the float weight's, summed over tokens.
 *
 * <p>Outputs are sums over groups of columns, so the candidates follow one another by adding what
 * two groups change: all of them together cost less than two products with the whole weight.
 */
final class DivergenceSearch implements AutoCloseable {

  private static final int TOKEN_CHUNK = 256;
  private static final double SMALLEST_PROBABILITY = 1e-6;

  private final int columns;
  private final int groupSize;
  private final int[] ascending;
  private final int candidates;
  private final Tensor weight;
  private final Tensor rounded;
  private final Tensor exchanged;
  private final Optional<Tensor> bias;

  /**
   * A search.
   *
   * @param weight W [N x K]
   * @param rows N
   * @param columns K
   * @param ascending groups by ascending salience
   * @param bits b
   * @param bias added to the float outputs only, as the reference does; empty for none
   * @param centred whether the scale of a group of one bit is that around its mean
   */
  DivergenceSearch(
      float[] weight,
      int rows,
      int columns,
      int groupSize,
      int[] ascending,
      int bits,
      Optional<float[]> bias,
      boolean centred) {
    this.columns = columns;
    this.groupSize = groupSize;
    this.ascending = ascending;
    this.candidates = GroupBits.mostExchanged(ascending.length);
    int[] even = GroupBits.of(ascending, bits, 0, 0);
    int[] most = GroupBits.of(ascending, bits, candidates, candidates);
    float[] base = round(weight, columns, groupSize, even, centred);
    float[] other = round(weight, columns, groupSize, most, centred);
    for (int i = 0; i < other.length; i++) {
      other[i] -= base[i];
    }
    try (TensorScope _ = TensorScope.open()) {
      this.weight = Tensor.from(weight, rows, columns).unscoped();
      this.rounded = Tensor.from(base, rows, columns).unscoped();
      this.exchanged = Tensor.from(other, rows, columns).unscoped();
      this.bias = bias.map(values -> Tensor.from(values, values.length).unscoped());
    }
  }

  /** W rounded to nearest, each group at its bits. */
  private static float[] round(
      float[] weight, int columns, int groupSize, int[] bitsPerGroup, boolean centred) {
    float[] rounded = new float[weight.length];
    for (int group = 0; group < bitsPerGroup.length; group++) {
      int bits = bitsPerGroup[group];
      GridFitter fitter = new GridFitter(Grid.GPTQ_ASYMMETRIC, bits, false);
      int start = group * groupSize;
      int end = Math.min(start + groupSize, columns);
      for (int at = 0; at < weight.length; at += columns) {
        if (bits == 1) {
          BinaryTerm term = BinaryTerm.fit(weight, at + start, at + end, centred);
          for (int k = at + start; k < at + end; k++) {
            rounded[k] = term.nearest(weight[k]);
          }
        } else {
          GridParameters grid = fitter.fit(weight, at + start, at + end);
          for (int k = at + start; k < at + end; k++) {
            float code = fitter.code(weight[k], grid.scale(), grid.zero());
            rounded[k] = GridFitter.dequantize(code, grid.scale(), grid.zero());
          }
        }
      }
    }
    return rounded;
  }

  /**
   * Divergence of each candidate in each sample.
   *
   * @param inputs samples, of which the first {@code samples} are taken
   * @return [samples][1 + candidates]: element m has m groups on either side exchanged
   */
  double[][] divergences(LayerInputs inputs, int samples, Tiles tiles) {
    double[][] divergences = new double[samples][];
    int[] next = {0};
    tiles.mapInOrder(
        samples, sample -> divergences(inputs, sample), found -> divergences[next[0]++] = found);
    return divergences;
  }

  private double[] divergences(LayerInputs inputs, int sample) {
    NativeRuntime.useSingleThread();
    double[] sums = new double[candidates + 1];
    try (TensorScope _ = TensorScope.open()) {
      Tensor x = inputs.sample(sample).to(ElementType.F32);
      long tokens = x.size(0);
      for (long from = 0; from < tokens; from += TOKEN_CHUNK) {
        try (TensorScope _ = TensorScope.open()) {
          add(x.narrow(0, from, Math.min(TOKEN_CHUNK, tokens - from)), sums);
        }
      }
    }
    return sums;
  }

  private void add(Tensor x, double[] sums) {
    Tensor target = logProbabilities(x.linear(weight, bias));
    Tensor outputs = x.linear(rounded, Optional.empty());
    sums[0] += divergence(outputs, target);
    for (int m = 1; m <= candidates; m++) {
      try (TensorScope _ = TensorScope.open()) {
        outputs.addInPlace(change(x, ascending[m - 1]));
        outputs.addInPlace(change(x, ascending[ascending.length - m]));
        sums[m] += divergence(outputs, target);
      }
    }
  }

  /** What a group adds to the outputs when its bits are exchanged. */
  private Tensor change(Tensor x, int group) {
    int start = group * groupSize;
    int width = Math.min(groupSize, columns - start);
    return x.narrow(1, start, width).linear(exchanged.narrow(1, start, width), Optional.empty());
  }

  private static Tensor logProbabilities(Tensor outputs) {
    return outputs.logSoftmax(-1).clamp(Math.log(SMALLEST_PROBABILITY), 0);
  }

  private static double divergence(Tensor outputs, Tensor target) {
    try (TensorScope _ = TensorScope.open()) {
      Tensor probabilities = outputs.softmax(-1).clamp(SMALLEST_PROBABILITY, 1);
      return probabilities.mul(logProbabilities(outputs).sub(target)).sum().item();
    }
  }

  @Override
  public void close() {
    weight.close();
    rounded.close();
    exchanged.close();
    bias.ifPresent(Tensor::close);
  }
}
