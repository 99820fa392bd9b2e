package org.bitatlas.quant.transform;

import java.util.List;
import java.util.SplittableRandom;
import org.bitatlas.model.Architecture;
import org.bitatlas.model.BlockLoader;
import org.bitatlas.model.DecoderBlock;
import org.bitatlas.model.LinearInputObserver;
import org.bitatlas.model.Precision;
import org.bitatlas.model.RotaryEmbedding;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * A block of random weights, and hidden states in front of it of which one channel is an outlier
 * and another is always zero.
 *
 * @param block 32 wide, 4 heads of 8, MLP of 48, biases on all linears
 * @param loader what the block was loaded with
 */
record RandomBlock(DecoderBlock block, BlockLoader loader) implements AutoCloseable {

  static final int WIDTH = 32;
  static final int OUTLIER = 5;
  static final int DEAD = 9;

  static RandomBlock of(int keyValueHeads, long seed) {
    Architecture architecture =
        new Architecture(
            "TestForCausalLM",
            61,
            WIDTH,
            48,
            1,
            4,
            keyValueHeads,
            8,
            1e-5,
            new RotaryEmbedding.Plain(10_000),
            true,
            true,
            true,
            true,
            4096,
            0,
            List.of(),
            1,
            List.of(2));
    BlockLoader loader =
        new BlockLoader(architecture, MapCheckpoint.random(architecture, seed), Precision.FP32);
    return new RandomBlock(loader.load(0), loader);
  }

  /** Hidden states [sequences x length x WIDTH]. */
  static float[] hidden(int sequences, int length, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] hidden = new float[sequences * length * WIDTH];
    for (int i = 0; i < hidden.length; i++) {
      double gain = i % WIDTH == OUTLIER ? 20 : i % WIDTH == DEAD ? 0 : 1;
      hidden[i] = (float) (gain * random.nextGaussian());
    }
    return hidden;
  }

  /** The block's output for hidden states. */
  float[] output(float[] hidden, int length) {
    try (TensorScope _ = TensorScope.open()) {
      long sequences = hidden.length / ((long) length * WIDTH);
      return block
          .forward(
              Tensor.from(hidden, sequences, length, WIDTH),
              block.operators(),
              LinearInputObserver.NONE)
          .toFloats();
    }
  }

  /** Puts a transform's weights, norms and biases in the block. */
  void apply(BlockTransform transform) {
    transform.weights().forEach(block::setWeight);
    transform.norms().forEach(block::setNorm);
    transform.biases().forEach(block::setBias);
  }

  @Override
  public void close() {
    block.close();
    loader.close();
  }
}
