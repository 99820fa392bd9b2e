package org.bitatlas.quant.transform;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.BlockOperators;
import org.bitatlas.model.DecoderBlock;
import org.bitatlas.model.InputGroup;
import org.bitatlas.model.LinearInputObserver;
import org.bitatlas.quant.rounding.Tiles;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.NativeRuntime;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * The error of the whole attention, or of the whole MLP, when its first linears have other weights.
 * Inputs and float outputs are recorded once, beside the hidden states; every candidate is one run
 * of that half of the block.
 */
final class HalfBlockError implements OutputError, AutoCloseable {

  private final DecoderBlock block;
  private final InputGroup group;
  private final Tiles tiles;
  private final Optional<float[]> bias;
  private final BatchStore recordedInputs;
  private final BatchStore recordedOutputs;
  private final List<Batch> batches = new ArrayList<>();

  /**
   * One recorded batch: its normalised input X and float output, both [B x T x D], are in the
   * stores.
   *
   * @param index in the stores
   * @param type type of the block's activations
   * @param values B T D
   */
  private record Batch(int index, ElementType type, long values) {}

  private HalfBlockError(DecoderBlock block, InputGroup group, BlockInputs inputs, Tiles tiles) {
    this.block = block;
    this.group = group;
    this.tiles = tiles;
    this.bias = bias(block, group);
    this.recordedInputs = inputs.store("search-inputs");
    this.recordedOutputs = inputs.store("search-outputs");
  }

  /**
   * Runs the block over the calibration set, or a part of it, and records a half of it.
   *
   * @param group ATTENTION or MLP
   * @param samples sequences looked at: batches spread evenly over the set that hold at least as
   *     many; 0 for all
   */
  static HalfBlockError record(
      DecoderBlock block, InputGroup group, BlockInputs inputs, int samples, Tiles tiles) {
    HalfBlockError error = new HalfBlockError(block, group, inputs, tiles);
    try {
      int[] chosen = spread(inputs, samples);
      tiles.mapInOrder(
          chosen.length, place -> error.run(inputs, chosen[place]), error.batches::add);
      return error;
    } catch (RuntimeException | Error e) {
      error.close();
      throw e;
    }
  }

  /** Batches that hold at least {@code samples} sequences, evenly spread; all for 0. */
  private static int[] spread(BlockInputs inputs, int samples) {
    int all = inputs.batches();
    int perBatch = Math.ceilDiv(inputs.sequences(), all);
    int count = samples == 0 ? all : Math.min(all, Math.ceilDiv(samples, perBatch));
    return IntStream.range(0, count).map(i -> (int) ((long) i * all / count)).toArray();
  }

  private Batch run(BlockInputs inputs, int index) {
    NativeRuntime.useSingleThread();
    InputGroup last =
        group == InputGroup.ATTENTION ? InputGroup.ATTENTION_OUTPUT : InputGroup.MLP_OUTPUT;
    try (TensorScope _ = TensorScope.open()) {
      Tensor hidden = inputs.batch(index);
      RecordingOperators operators =
          new RecordingOperators(
              block.operators(),
              (heard, input, output) -> {
                if (heard == group) {
                  recordedInputs.put(index, input);
                }
                if (heard == last) {
                  recordedOutputs.put(index, output);
                }
              });
      block.forward(hidden, operators, LinearInputObserver.NONE);
      return new Batch(index, hidden.elementType(), hidden.elementCount());
    }
  }

  /** Biases side by side [sum N], zeros where a linear has none. */
  private static Optional<float[]> bias(DecoderBlock block, InputGroup group) {
    if (group.projections().stream().noneMatch(p -> block.architecture().hasBias(p))) {
      return Optional.empty();
    }
    int width = group.projections().stream().mapToInt(block.architecture()::outputFeatures).sum();
    float[] fused = new float[width];
    int at = 0;
    for (Projection projection : group.projections()) {
      int target = at;
      block
          .bias(projection)
          .ifPresent(values -> System.arraycopy(values, 0, fused, target, values.length));
      at += block.architecture().outputFeatures(projection);
    }
    return Optional.of(fused);
  }

  @Override
  public double of(float[] weights) {
    double[] sum = {0};
    long[] count = {0};
    long columns = block.architecture().inputFeatures(group.observed());
    try (TensorScope _ = TensorScope.open()) {
      ElementType type = batches.getFirst().type();
      Tensor weight = Tensor.from(weights, weights.length / columns, columns).to(type);
      Optional<Tensor> fusedBias = bias.map(values -> Tensor.from(values, values.length).to(type));
      BlockOperators operators = new Replaced(block.operators(), group, weight, fusedBias);
      tiles.<Double>mapInOrder(
          batches.size(),
          batch -> squaredError(batches.get(batch), operators),
          partial -> sum[0] += partial);
    }
    batches.forEach(batch -> count[0] += batch.values());
    return sum[0] / count[0];
  }

  private double squaredError(Batch batch, BlockOperators operators) {
    NativeRuntime.useSingleThread();
    try (TensorScope _ = TensorScope.open()) {
      Tensor input = recordedInputs.get(batch.index()).to(batch.type());
      Tensor output =
          group == InputGroup.ATTENTION
              ? block.attention(input, operators)
              : block.mlp(input, operators);
      Tensor difference = output.to(ElementType.F32).sub(recordedOutputs.get(batch.index()));
      return difference.mulInPlace(difference).sum().item();
    }
  }

  @Override
  public void close() {
    recordedInputs.close();
    recordedOutputs.close();
  }

  /** The block's operators with other weights in one group. */
  private record Replaced(
      BlockOperators operators, InputGroup group, Tensor weight, Optional<Tensor> bias)
      implements BlockOperators {

    @Override
    public Tensor linear(InputGroup asked, Tensor input) {
      return asked == group ? input.linear(weight, bias) : operators.linear(asked, input);
    }

    @Override
    public Tensor heads(Tensor heads) {
      return operators.heads(heads);
    }
  }
}
