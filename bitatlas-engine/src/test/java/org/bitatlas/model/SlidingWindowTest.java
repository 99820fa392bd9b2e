package org.bitatlas.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.Test;

/** Sliding-window attention against a plain computation in loops. */
class SlidingWindowTest {

  private static final int WINDOW = 3;
  private static final int LENGTH = 11;

  @Test
  void wholeSequencesSeeTheLastTokensOnly() {
    Architecture architecture = TinyModel.architecture(WINDOW);
    float[] values = heads(architecture, 1, LENGTH);
    try (TensorScope _ = TensorScope.open()) {
      double[] actual =
          new CausalAttention(architecture)
              .attend(0, tensor(architecture, values, LENGTH))
              .toDoubles();
      GoldenModels.assertClose(
          "windowed layer", actual, naive(architecture, values, LENGTH, WINDOW));
      double[] full =
          new CausalAttention(architecture)
              .attend(1, tensor(architecture, values, LENGTH))
              .toDoubles();
      GoldenModels.assertClose("full layer", full, naive(architecture, values, LENGTH, LENGTH));
    }
  }

  @Test
  void decodingWithACacheEqualsWholeSequences() {
    int[] ids = {3, 14, 15, 9, 26, 5, 35, 8, 9, 7, 9, 32, 38, 46};
    try (TransformerModel model = TinyModel.load(WINDOW);
        DecodingBatch batch = model.newBatch();
        TensorScope _ = TensorScope.open()) {
      double[] whole = model.logits(new int[][] {ids}).toDoubles();
      int vocabulary = model.architecture().vocabularySize();
      Tensor logits = batch.prefill(new int[][] {Arrays.copyOf(ids, 2)});
      for (int t = 2; t <= ids.length; t++) {
        GoldenModels.assertClose(
            "position " + (t - 1),
            logits.toDoubles(),
            Arrays.copyOfRange(whole, (t - 1) * vocabulary, t * vocabulary));
        if (t < ids.length) {
          logits = batch.step(new int[] {ids[t]});
        }
      }
    }
  }

  @Test
  void aTokenOutsideEveryWindowChangesNothing() {
    int[] ids = {3, 14, 15, 9, 26, 5, 35, 8};
    int[] changed = ids.clone();
    changed[0] = 60;
    try (TransformerModel model = TinyModel.load(WINDOW);
        TensorScope _ = TensorScope.open()) {
      Tensor one = model.block(0, model.embed(new int[][] {ids}), LinearInputObserver.NONE);
      Tensor other = model.block(0, model.embed(new int[][] {changed}), LinearInputObserver.NONE);
      int last = ids.length - 1;
      assertThat(other.select(1, last).toFloats()).isEqualTo(one.select(1, last).toFloats());
      assertThat(other.select(1, 2).toFloats()).isNotEqualTo(one.select(1, 2).toFloats());
    }
  }

  private static Tensor tensor(Architecture architecture, float[] values, int length) {
    return Tensor.from(
        values,
        1,
        length,
        architecture.heads() + 2L * architecture.keyValueHeads(),
        architecture.headDimension());
  }

  private static float[] heads(Architecture architecture, long seed, int length) {
    var random = new java.util.SplittableRandom(seed);
    int width =
        (architecture.heads() + 2 * architecture.keyValueHeads()) * architecture.headDimension();
    float[] values = new float[length * width];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static double[] naive(Architecture architecture, float[] values, int length, int window) {
    int heads = architecture.heads();
    int groups = architecture.keyValueHeads();
    int d = architecture.headDimension();
    int width = (heads + 2 * groups) * d;
    double[] output = new double[length * heads * d];
    for (int head = 0; head < heads; head++) {
      int key = (heads + head / (heads / groups)) * d;
      int value = key + groups * d;
      for (int t = 0; t < length; t++) {
        double sum = 0;
        for (int s = Math.max(0, t - window + 1); s <= t; s++) {
          double score = 0;
          for (int i = 0; i < d; i++) {
            score += (double) values[t * width + head * d + i] * values[s * width + key + i];
          }
          double weight = Math.exp(score / Math.sqrt(d));
          sum += weight;
          for (int i = 0; i < d; i++) {
            output[(t * heads + head) * d + i] += weight * values[s * width + value + i];
          }
        }
        for (int i = 0; i < d; i++) {
          output[(t * heads + head) * d + i] /= sum;
        }
      }
    }
    return output;
  }
}
