package org.bitatlas.quant.transform;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.bitatlas.model.DecoderBlock;
import org.bitatlas.model.InputGroup;
import org.bitatlas.model.LinearInputObserver;
import org.bitatlas.quant.rounding.Tiles;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.NativeRuntime;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * What AWQ asks of the inputs of a block's linears. Sums over batches are fp64, in batch order.
 *
 * @param tokens number of tokens
 * @param means mean |x| per channel [K]
 * @param grams sum of x x^T [K x K], for the groups that were asked for
 * @param samples every stride-th token [S x K], stride = tokens / asked, at least 1
 */
record AwqStatistics(
    long tokens,
    Map<InputGroup, float[]> means,
    Map<InputGroup, float[]> grams,
    Map<InputGroup, float[]> samples) {

  /** Sums of |x| over one batch, all its tokens where a Gram matrix is wanted, and its sample. */
  private record Batch(
      Map<InputGroup, float[]> sums,
      Map<InputGroup, float[]> rows,
      Map<InputGroup, float[]> samples) {

    Batch() {
      this(
          new EnumMap<>(InputGroup.class),
          new EnumMap<>(InputGroup.class),
          new EnumMap<>(InputGroup.class));
    }
  }

  /**
   * Runs the float block over the calibration set.
   *
   * @param gramGroups groups whose Gram matrices are wanted
   * @param sampledTokens about how many tokens to sample
   * @throws BitAtlasException when an input is not finite, naming the layer
   */
  static AwqStatistics gather(
      DecoderBlock block,
      BlockInputs inputs,
      Set<InputGroup> gramGroups,
      int sampledTokens,
      Tiles tiles) {
    long batchTokens;
    long length;
    try (TensorScope _ = TensorScope.open()) {
      Tensor first = inputs.batch(0);
      length = first.size(1);
      batchTokens = first.size(0) * length;
    }
    long tokens = inputs.sequences() * length;
    int stride = Math.toIntExact(Math.max(1, tokens / sampledTokens));
    Map<InputGroup, double[]> sums = new EnumMap<>(InputGroup.class);
    Map<InputGroup, GramSum> grams = new EnumMap<>(InputGroup.class);
    Map<InputGroup, List<float[]>> samples = new EnumMap<>(InputGroup.class);
    tiles.mapInOrder(
        inputs.batches(),
        index -> observe(block, inputs, index, gramGroups, index * batchTokens, stride),
        batch -> {
          batch.sums().forEach((group, values) -> add(sums, group, values));
          batch
              .rows()
              .forEach((group, rows) ->
                  grams
                      .computeIfAbsent(group, _ -> new GramSum(columns(block, group)))
                      .add(rows, tiles));
          batch
              .samples()
              .forEach((group, rows) ->
                  samples.computeIfAbsent(group, _ -> new ArrayList<>()).add(rows));
        });
    Map<InputGroup, float[]> means = new EnumMap<>(InputGroup.class);
    Map<InputGroup, float[]> matrices = new EnumMap<>(InputGroup.class);
    Map<InputGroup, float[]> sampled = new EnumMap<>(InputGroup.class);
    sums.forEach((group, sum) -> means.put(group, divided(sum, tokens)));
    grams.forEach((group, sum) -> matrices.put(group, sum.matrix()));
    samples.forEach((group, parts) -> sampled.put(group, joined(parts)));
    AwqStatistics statistics = new AwqStatistics(tokens, means, matrices, sampled);
    statistics.requireFinite(block.layer());
    return statistics;
  }

  private static Batch observe(
      DecoderBlock block,
      BlockInputs inputs,
      int index,
      Set<InputGroup> gramGroups,
      long firstToken,
      int stride) {
    NativeRuntime.useSingleThread();
    Batch batch = new Batch();
    LinearInputObserver observer =
        (projection, input) -> {
          InputGroup group = InputGroup.of(projection);
          if (group.observed() == projection) {
            try (TensorScope _ = TensorScope.open()) {
              Tensor x = input.to(ElementType.F32).reshape(-1, input.size(-1));
              batch.sums().put(group, x.abs().sum(0).toFloats());
              batch.samples().put(group, every(x, firstToken, stride));
              if (gramGroups.contains(group)) {
                batch.rows().put(group, x.toFloats());
              }
            }
          }
        };
    try (TensorScope _ = TensorScope.open()) {
      block.forward(inputs.batch(index), block.operators(), observer);
    }
    return batch;
  }

  /** The rows whose token number, counted from {@code firstToken}, is a multiple of the stride. */
  private static float[] every(Tensor x, long firstToken, int stride) {
    long skipped = (stride - firstToken % stride) % stride;
    long count = Math.max(0, (x.size(0) - skipped + stride - 1) / stride);
    if (count == 0) {
      return new float[0];
    }
    long[] rows = new long[Math.toIntExact(count)];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = skipped + (long) i * stride;
    }
    return x.indexSelect(0, Tensor.fromLongs(rows, rows.length)).toFloats();
  }

  private static int columns(DecoderBlock block, InputGroup group) {
    return block.architecture().inputFeatures(group.observed());
  }

  private static void add(Map<InputGroup, double[]> sums, InputGroup group, float[] values) {
    double[] sum = sums.computeIfAbsent(group, _ -> new double[values.length]);
    for (int i = 0; i < sum.length; i++) {
      sum[i] += values[i];
    }
  }

  private static float[] divided(double[] sum, double divisor) {
    float[] quotients = new float[sum.length];
    for (int i = 0; i < sum.length; i++) {
      quotients[i] = (float) (sum[i] / divisor);
    }
    return quotients;
  }

  private static float[] joined(List<float[]> parts) {
    float[] whole = new float[parts.stream().mapToInt(part -> part.length).sum()];
    int at = 0;
    for (float[] part : parts) {
      System.arraycopy(part, 0, whole, at, part.length);
      at += part.length;
    }
    return whole;
  }

  private void requireFinite(int layer) {
    means.forEach((group, values) -> {
      for (float value : values) {
        if (!Float.isFinite(value)) {
          throw NonFinite.inputs(group.observed().module(layer));
        }
      }
    });
  }

  float[] mean(InputGroup group) {
    return Objects.requireNonNull(means.get(group));
  }

  float[] gram(InputGroup group) {
    return Objects.requireNonNull(grams.get(group));
  }

  float[] sample(InputGroup group) {
    return Objects.requireNonNull(samples.get(group));
  }
}
