package org.bitatlas.quant.transform;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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
 * Inputs and float outputs are recorded once; every candidate is one run of that half of the block.
 */
final class HalfBlockError implements OutputError {

  private final DecoderBlock block;
  private final InputGroup group;
  private final Tiles tiles;
  private final Optional<float[]> bias;
  private final List<Batch> batches = new ArrayList<>();

  /**
   * One batch.
   *
   * @param type type of the block's activations
   * @param shape B, T, D
   * @param input X [B x T x D], normalised
   * @param output float output [B x T x D]
   */
  private record Batch(ElementType type, long[] shape, float[] input, float[] output) {}

  private HalfBlockError(DecoderBlock block, InputGroup group, Tiles tiles) {
    this.block = block;
    this.group = group;
    this.tiles = tiles;
    this.bias = bias(block, group);
  }

  /**
   * Runs the block over the calibration set and records a half of it.
   *
   * @param group ATTENTION or MLP
   */
  static HalfBlockError record(
      DecoderBlock block, InputGroup group, BlockInputs inputs, Tiles tiles) {
    InputGroup last =
        group == InputGroup.ATTENTION ? InputGroup.ATTENTION_OUTPUT : InputGroup.MLP_OUTPUT;
    HalfBlockError error = new HalfBlockError(block, group, tiles);
    tiles.mapInOrder(
        inputs.batches(), batch -> run(block, group, last, inputs, batch), error.batches::add);
    return error;
  }

  private static Batch run(
      DecoderBlock block, InputGroup group, InputGroup last, BlockInputs inputs, int index) {
    NativeRuntime.useSingleThread();
    try (TensorScope _ = TensorScope.open()) {
      Tensor hidden = inputs.batch(index);
      float[][] recorded = new float[2][];
      RecordingOperators operators =
          new RecordingOperators(
              block.operators(),
              (heard, input, output) -> {
                if (heard == group) {
                  recorded[0] = input.toFloats();
                }
                if (heard == last) {
                  recorded[1] = output.toFloats();
                }
              });
      block.forward(hidden, operators, LinearInputObserver.NONE);
      return new Batch(hidden.elementType(), hidden.shape(), recorded[0], recorded[1]);
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
    batches.forEach(batch -> count[0] += batch.output().length);
    return sum[0] / count[0];
  }

  private double squaredError(Batch batch, BlockOperators operators) {
    NativeRuntime.useSingleThread();
    try (TensorScope _ = TensorScope.open()) {
      Tensor input = Tensor.from(batch.input(), batch.shape()).to(batch.type());
      Tensor output =
          group == InputGroup.ATTENTION
              ? block.attention(input, operators)
              : block.mlp(input, operators);
      Tensor difference =
          output.to(ElementType.F32).sub(Tensor.from(batch.output(), batch.shape()));
      return difference.mulInPlace(difference).sum().item();
    }
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
