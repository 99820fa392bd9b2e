package org.bitatlas.quant.transform.flatquant;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.model.ArchitectureReader;
import org.bitatlas.model.BlockLoader;
import org.bitatlas.model.DecoderBlock;
import org.bitatlas.model.LinearInputObserver;
import org.bitatlas.model.Precision;
import org.bitatlas.quant.Golden;
import org.bitatlas.quant.transform.BlockInputs;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/** The first block of a small model with biases and grouped heads, and random hidden states. */
final class RandomBlock implements AutoCloseable {

  private final Checkpoint checkpoint;
  private final BlockLoader loader;

  RandomBlock() throws IOException {
    Path model = Golden.folder("models/openpangu_llama_attention_bias");
    checkpoint = SafetensorsCheckpoint.open(model);
    loader =
        new BlockLoader(
            ArchitectureReader.read(model.resolve("config.json")), checkpoint, Precision.FP32);
  }

  DecoderBlock load() {
    return loader.load(0);
  }

  /** Hidden states [sequences x length x D] in batches of two, some channels far larger. */
  BlockInputs inputs(int sequences, int length) {
    int width = loader.architecture().hiddenSize();
    SplittableRandom random = new SplittableRandom(11);
    List<float[]> hidden = new ArrayList<>();
    for (int s = 0; s < sequences; s++) {
      float[] values = new float[length * width];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) (random.nextGaussian() * (i % width % 13 == 0 ? 8 : 0.5));
      }
      hidden.add(values);
    }
    return inputs(hidden, width);
  }

  /** What a block makes of hidden states. */
  static BlockInputs outputs(DecoderBlock block, BlockInputs inputs) {
    return new BlockInputs() {
      @Override
      public int batches() {
        return inputs.batches();
      }

      @Override
      public int sequences() {
        return inputs.sequences();
      }

      @Override
      public Tensor batch(int index) {
        try (TensorScope scope = TensorScope.open()) {
          return scope.keep(
              block.forward(inputs.batch(index), block.operators(), LinearInputObserver.NONE));
        }
      }
    };
  }

  /** Hidden states of sequences in batches of two. */
  static BlockInputs inputs(List<float[]> hidden, int width) {
    return new BlockInputs() {
      @Override
      public int batches() {
        return Math.ceilDiv(hidden.size(), 2);
      }

      @Override
      public int sequences() {
        return hidden.size();
      }

      @Override
      public Tensor batch(int index) {
        List<float[]> rows = hidden.subList(2 * index, Math.min(2 * index + 2, hidden.size()));
        return Tensor.cat(
            rows.stream()
                .map(values -> Tensor.from(values, 1, values.length / width, width))
                .toList(),
            0);
      }
    };
  }

  @Override
  public void close() {
    loader.close();
    checkpoint.close();
  }
}
