package org.bitatlas.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.bitatlas.tensor.AllocatedBytes;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Ten thousand decode steps at constant native memory. */
@EnabledOnOs(OS.LINUX)
class NativeMemoryTest {

  private static final int STEPS = 10_000;
  private static final int STEPS_PER_BATCH = 250;

  /** A leak shows in every round; the virtual machine's own memory grows in some. */
  private static final int ROUNDS = 2;

  /** One leaked [4 x 61] tensor of logits per step would be 5 MB in a round. */
  private static final long TOLERANCE = 4L << 20;

  @Test
  void tenThousandDecodeStepsLeakNothing() {
    try (TransformerModel model = TinyModel.load(0)) {
      decode(model, 2_000);
      long least = Long.MAX_VALUE;
      for (int round = 0; round < ROUNDS; round++) {
        long before = AllocatedBytes.now();
        decode(model, STEPS / ROUNDS);
        least = Math.min(least, AllocatedBytes.now() - before);
      }
      assertThat(least).as("bytes more after %d steps", STEPS / ROUNDS).isLessThan(TOLERANCE);
    }
  }

  private static void decode(TransformerModel model, int steps) {
    int[][] prompts = {{1, 5, 9}, {1, 7}, {1, 3, 3, 8}, {1}};
    for (int done = 0; done < steps; done += STEPS_PER_BATCH) {
      try (DecodingBatch batch = model.newBatch()) {
        try (TensorScope _ = TensorScope.open()) {
          batch.prefill(prompts);
        }
        int[] tokens = {4, 5, 6, 7};
        for (int step = 0; step < STEPS_PER_BATCH; step++) {
          try (TensorScope _ = TensorScope.open()) {
            long[] best = batch.step(tokens).argmax(1).toLongs();
            for (int row = 0; row < tokens.length; row++) {
              tokens[row] = (int) best[row];
            }
          }
          if (step == STEPS_PER_BATCH / 2) {
            batch.keepRows(new int[] {0, 2, 3});
            tokens = new int[] {tokens[0], tokens[2], tokens[3]};
          }
        }
      }
    }
  }
}
