package org.bitatlas.quant.transform.flatquant;

import java.util.EnumMap;
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
  private final BlockInputs targets;
  private final long perBatch;
  private final long sequenceElements;
  private final Map<InputGroup, float[]> maxima = new EnumMap<>(InputGroup.class);

  private TrainingData(BlockInputs inputs, BlockInputs targets) {
    this.inputs = inputs;
    this.targets = targets;
    try (TensorScope _ = TensorScope.open()) {
      Tensor first = inputs.batch(0);
      this.perBatch = first.size(0);
      this.sequenceElements = first.size(1) * first.size(2);
    }
  }

  /**
   * Runs the float block over all inputs for the magnitudes of channels.
   *
   * @param inputs the block's inputs
   * @param targets what it makes of them, in the same batches
   * @throws BitAtlasException when an output is not finite
   */
  static TrainingData gather(
      DecoderBlock block, BlockInputs inputs, BlockInputs targets, Tiles tiles) {
    TrainingData data = new TrainingData(inputs, targets);
    tiles.<Map<InputGroup, float[]>>mapInOrder(
        inputs.batches(),
        batch -> maxima(block, inputs, batch),
        found ->
            found.forEach(
                (group, values) -> data.maxima.merge(group, values, TrainingData::larger)));
    return data;
  }

  private static Map<InputGroup, float[]> maxima(
      DecoderBlock block, BlockInputs inputs, int batch) {
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
      Tensor outputs = block.forward(inputs.batch(batch), block.operators(), observer);
      requireFinite(outputs, block.layer());
      return maxima;
    }
  }

  private static float[] larger(float[] one, float[] other) {
    float[] larger = new float[one.length];
    for (int i = 0; i < larger.length; i++) {
      larger[i] = Math.max(one[i], other[i]);
    }
    return larger;
  }

  /** A sum of magnitudes is not finite when one of them is not. */
  private static void requireFinite(Tensor outputs, int layer) {
    if (!Double.isFinite(outputs.to(ElementType.F64).abs().sum().item())) {
      throw new BitAtlasException(
          "Block %d gives values that are not finite on the calibration set; FlatQuant cannot be trained on them."
              .formatted(layer));
    }
  }

  /** Number of sequences. */
  int sequences() {
    return inputs.sequences();
  }

  /** Number of elements T D of one sequence's hidden states. */
  long sequenceElements() {
    return sequenceElements;
  }

  /** Largest magnitude [K] of every channel of a group's input. */
  float[] channelMaxima(InputGroup group) {
    return Objects.requireNonNull(maxima.get(group));
  }

  /** The block's input for one sequence, [1 x T x D] in F32, in the caller's scope. */
  Tensor input(int sequence) {
    return row(inputs, sequence);
  }

  /** The float block's output for one sequence, [1 x T x D] in F32, in the caller's scope. */
  Tensor target(int sequence) {
    return row(targets, sequence);
  }

  private Tensor row(BlockInputs states, int sequence) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor batch = states.batch((int) (sequence / perBatch));
      return scope.keep(batch.narrow(0, sequence % perBatch, 1).to(ElementType.F32).copy());
    }
  }
}
