package org.bitatlas.quant.transform.flatquant;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bitatlas.model.DecoderBlock;
import org.bitatlas.model.InputGroup;
import org.bitatlas.model.LinearInputObserver;
import org.bitatlas.quant.rounding.Tiles;
import org.bitatlas.quant.transform.BlockInputs;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.NativeRuntime;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * What a block is trained on: its inputs in the float model and the outputs it has there, sequence
 * by sequence, with the largest magnitude of every channel on the way.
 */
final class TrainingData {

  private final BlockInputs inputs;
  private final List<float[]> targets = new ArrayList<>();
  private final Map<InputGroup, float[]> maxima = new EnumMap<>(InputGroup.class);
  private long[] batchShape = new long[0];

  private TrainingData(BlockInputs inputs) {
    this.inputs = inputs;
  }

  /** What one batch gives. */
  private record Pass(long[] shape, float[] outputs, Map<InputGroup, float[]> maxima) {}

  /**
   * Runs the float block over all inputs.
   *
   * @throws BitAtlasException when an output is not finite
   */
  static TrainingData gather(DecoderBlock block, BlockInputs inputs, Tiles tiles) {
    TrainingData data = new TrainingData(inputs);
    tiles.<Pass>mapInOrder(
        inputs.batches(),
        batch -> pass(block, inputs, batch),
        pass -> {
          data.batchShape = data.targets.isEmpty() ? pass.shape() : data.batchShape;
          data.targets.add(requireFinite(pass.outputs(), block.layer()));
          pass.maxima()
              .forEach((group, values) -> data.maxima.merge(group, values, TrainingData::larger));
        });
    return data;
  }

  private static Pass pass(DecoderBlock block, BlockInputs inputs, int batch) {
    NativeRuntime.useSingleThread();
    Map<InputGroup, float[]> maxima = new EnumMap<>(InputGroup.class);
    LinearInputObserver observer =
        (projection, input) -> {
          InputGroup group = InputGroup.of(projection);
          if (group.observed() == projection && group != InputGroup.ATTENTION_OUTPUT) {
            try (TensorScope _ = TensorScope.open()) {
              maxima.put(group, input.reshape(-1, input.size(-1)).abs().amax(0).toFloats());
            }
          }
        };
    try (TensorScope _ = TensorScope.open()) {
      Tensor hidden = inputs.batch(batch);
      float[] outputs = block.forward(hidden, block.operators(), observer).toFloats();
      return new Pass(hidden.shape(), outputs, maxima);
    }
  }

  private static float[] larger(float[] one, float[] other) {
    float[] larger = new float[one.length];
    for (int i = 0; i < larger.length; i++) {
      larger[i] = Math.max(one[i], other[i]);
    }
    return larger;
  }

  private static float[] requireFinite(float[] outputs, int layer) {
    for (float value : outputs) {
      if (!Float.isFinite(value)) {
        throw new BitAtlasException(
            "Block %d gives values that are not finite on the calibration set; FlatQuant cannot be trained on them."
                .formatted(layer));
      }
    }
    return outputs;
  }

  /** Number of sequences. */
  int sequences() {
    return inputs.sequences();
  }

  /** Number of elements T D of one sequence's hidden states. */
  long sequenceElements() {
    return batchShape[1] * batchShape[2];
  }

  /** Largest magnitude [K] of every channel of a group's input. */
  float[] channelMaxima(InputGroup group) {
    return Objects.requireNonNull(maxima.get(group));
  }

  /** The block's input for one sequence, [1 x T x D] in F32, in the caller's scope. */
  Tensor input(int sequence) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor batch = inputs.batch(sequence / (int) batchShape[0]);
      Tensor row = batch.narrow(0, sequence % batchShape[0], 1).to(ElementType.F32);
      return scope.keep(row.copy());
    }
  }

  /** The float block's output for one sequence, [1 x T x D] in F32, in the caller's scope. */
  Tensor target(int sequence) {
    int count = (int) sequenceElements();
    float[] batch = targets.get(sequence / (int) batchShape[0]);
    int from = (int) (sequence % batchShape[0]) * count;
    float[] values = Arrays.copyOfRange(batch, from, from + count);
    return Tensor.from(values, 1, batchShape[1], batchShape[2]);
  }
}
