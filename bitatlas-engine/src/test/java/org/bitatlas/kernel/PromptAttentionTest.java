package org.bitatlas.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Attention within prompts against its definition in doubles. */
class PromptAttentionTest {

  /** Largest difference from doubles, of means of values of size 1, in fp32. */
  private static final double TOLERANCE = 5e-6;

  /** The same where weights, queries, keys and values are rounded to bf16. */
  private static final double BF16_TOLERANCE = 2e-2;

  private final KernelThreads one = new KernelThreads(1);
  private final KernelThreads two = new KernelThreads(2);

  @AfterEach
  void close() {
    one.close();
    two.close();
  }

  /** Heads of some sequences side by side, right-padded. */
  private record Heads(
      Tensor tensor, int queryHeads, int keyHeads, int dimension, int length, int[] lengths) {

    static Heads random(
        ElementType type, int queryHeads, int keyHeads, int dimension, int[] lengths, long seed) {
      int length = Arrays.stream(lengths).max().orElseThrow();
      int width = (queryHeads + 2 * keyHeads) * dimension;
      float[] values = new float[lengths.length * length * width];
      SplittableRandom random = new SplittableRandom(seed);
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) random.nextGaussian();
      }
      Tensor tensor = Tensor.from(values, lengths.length, length, width).to(type);
      return new Heads(tensor, queryHeads, keyHeads, dimension, length, lengths);
    }

    long stride() {
      return (queryHeads + 2L * keyHeads) * dimension;
    }

    long first(int row) {
      return row * length * stride();
    }

    /** The last tokens of a sequence from {@code start} on. */
    PromptPart part(int row, int start, int outputRow) {
      long keys = first(row) + (long) queryHeads * dimension;
      long values = keys + (long) keyHeads * dimension;
      return new PromptPart(
          tensor.memory(),
          first(row) + start * stride(),
          stride(),
          lengths[row] - start,
          start,
          new SeenHeads(tensor.memory(), tensor.elementType(), keys, values, stride(), dimension),
          outputRow);
    }

    List<PromptPart> parts() {
      List<PromptPart> parts = new ArrayList<>();
      for (int row = 0; row < lengths.length; row++) {
        parts.add(part(row, 0, row * length));
      }
      return parts;
    }

    PromptAttention attention(RowKernels kernels) {
      return PromptAttention.of(tensor.elementType(), queryHeads, keyHeads, dimension, kernels)
          .orElseThrow();
    }

    /** Softmax(q k / sqrt d) v of one token and query head. */
    double[] expected(float[] all, int row, int token, int head, int window) {
      int width = (int) stride();
      int base = (int) first(row);
      int query = base + token * width + head * dimension;
      int key = base + (queryHeads + head / (queryHeads / keyHeads)) * dimension;
      int value = key + keyHeads * dimension;
      int from = Math.max(0, token - window + 1);
      double[] weights = new double[token + 1];
      double largest = Double.NEGATIVE_INFINITY;
      for (int t = from; t <= token; t++) {
        for (int i = 0; i < dimension; i++) {
          weights[t] += (double) all[query + i] * all[key + t * width + i];
        }
        weights[t] /= Math.sqrt(dimension);
        largest = Math.max(largest, weights[t]);
      }
      double sum = 0;
      double[] output = new double[dimension];
      for (int t = from; t <= token; t++) {
        double weight = Math.exp(weights[t] - largest);
        sum += weight;
        for (int i = 0; i < dimension; i++) {
          output[i] += weight * all[value + t * width + i];
        }
      }
      for (int i = 0; i < dimension; i++) {
        output[i] /= sum;
      }
      return output;
    }

    void requireNear(Tensor attended, int row, int start, int outputRow, int window) {
      double tolerance = tensor.elementType() == ElementType.F32 ? TOLERANCE : BF16_TOLERANCE;
      float[] found = attended.toFloats();
      float[] all = tensor.toFloats();
      for (int token = start; token < lengths[row]; token += token % 7 == 0 ? 1 : 5) {
        for (int head = 0; head < queryHeads; head++) {
          double[] expected = expected(all, row, token, head, window);
          int at = ((outputRow + token - start) * queryHeads + head) * dimension;
          for (int i = 0; i < dimension; i++) {
            assertThat(Math.abs(found[at + i] - expected[i]))
                .as("sequence %d, token %d, head %d, window %d", row, token, head, window)
                .isLessThan(tolerance);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "F32, 1, 1, 8",
    "F32, 4, 2, 32",
    "F32, 6, 2, 31",
    "F32, 3, 1, 100",
    "F32, 2, 1, 128",
    "BF16, 4, 2, 32",
    "BF16, 3, 1, 100",
    "BF16, 2, 1, 128"
  })
  void isSoftmaxOfScoresTimesValues(ElementType type, int queryHeads, int keyHeads, int dimension) {
    int[] lengths = {1, 17, 32, 33, 64, 65, 128, 129, 300};
    try (TensorScope _ = TensorScope.open()) {
      Heads heads = Heads.random(type, queryHeads, keyHeads, dimension, lengths, dimension);
      try (PromptAttention vector = heads.attention(new VectorRowKernels());
          PromptAttention scalar = heads.attention(new ScalarRowKernels())) {
        int rows = lengths.length * heads.length();
        for (int window : new int[] {Integer.MAX_VALUE, 1, 40, 150}) {
          Tensor attended = vector.attend(heads.parts(), rows, window, two);
          for (int row = 0; row < lengths.length; row++) {
            heads.requireNear(attended, row, 0, row * heads.length(), window);
          }
          if (window == 40) {
            assertThat(scalar.attend(heads.parts(), rows, window, one).toFloats())
                .isEqualTo(attended.toFloats());
          }
        }
      }
    }
  }

  @Test
  void aChunkSeesWhatIsBeforeItAcrossStretches() {
    int[] lengths = {2500};
    try (TensorScope _ = TensorScope.open()) {
      Heads heads = Heads.random(ElementType.F32, 2, 1, 32, lengths, 5);
      try (PromptAttention attention = heads.attention(RowKernels.selected())) {
        for (int start : new int[] {0, 2048, 2053, 2499}) {
          for (int window : new int[] {Integer.MAX_VALUE, 700}) {
            List<PromptPart> parts = List.of(heads.part(0, start, 3));
            Tensor attended = attention.attend(parts, 3 + lengths[0] - start, window, two);
            heads.requireNear(
                attended,
                0,
                Math.max(start, lengths[0] - 60),
                3 + Math.max(0, lengths[0] - 60 - start),
                window);
          }
        }
      }
    }
  }

  @Test
  void aSequenceGivesTheSameBitsAloneAndAmongOthers() {
    int[] lengths = {700, 3, 20, 64, 511, 90};
    try (TensorScope _ = TensorScope.open()) {
      Heads heads = Heads.random(ElementType.F32, 12, 6, 128, lengths, 8);
      try (PromptAttention attention = heads.attention(RowKernels.selected())) {
        int width = 12 * 128;
        float[] together =
            attention
                .attend(heads.parts(), lengths.length * heads.length(), Integer.MAX_VALUE, two)
                .toFloats();
        for (int row = 0; row < lengths.length; row++) {
          float[] alone =
              attention
                  .attend(List.of(heads.part(row, 0, 0)), lengths[row], Integer.MAX_VALUE, one)
                  .toFloats();
          int from = row * heads.length() * width;
          assertThat(Arrays.copyOfRange(together, from, from + alone.length)).isEqualTo(alone);
          int end = from + heads.length() * width;
          for (int at = from + alone.length; at < end; at += 97) {
            assertThat(together[at]).as("padding").isZero();
          }
        }
      }
    }
  }

  @Test
  void pagesAreSeenAsTheirTokensWere() {
    PageLayout layout =
        new PageLayout(
            2,
            32,
            List.of(
                new PageLayout.Layer(
                    new HeadStorage.Floats(ElementType.F32),
                    new HeadStorage.Floats(ElementType.F32))));
    try (TensorScope _ = TensorScope.open();
        PagePool pool = new PagePool(layout)) {
      Heads heads = Heads.random(ElementType.F32, 4, 2, 32, new int[] {333}, 6);
      PagedSequence sequence = pool.newSequence();
      sequence.extend(333);
      PageWriter writer = new PageWriter(layout);
      for (int t = 0; t < 333; t++) {
        writer.write(0, sequence, t, heads.tensor().memory(), t * heads.stride() + 4 * 32);
      }
      PromptPart given = heads.part(0, 200, 0);
      PromptPart paged =
          new PromptPart(
              given.queries(),
              given.first(),
              given.stride(),
              given.count(),
              given.start(),
              new SeenPages(layout, 0, sequence),
              0);
      try (PromptAttention attention = heads.attention(RowKernels.selected())) {
        assertThat(attention.attend(List.of(paged), 133, 90, two).toFloats())
            .isEqualTo(attention.attend(List.of(given), 133, 90, one).toFloats());
      }
      sequence.close();
    }
  }

  @Test
  void whatIsNotANumberIsSeenByThoseWhoSeeIt() {
    int[] lengths = {200};
    try (TensorScope _ = TensorScope.open()) {
      for (float poison : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
        Heads heads = Heads.random(ElementType.F32, 2, 1, 32, lengths, 9);
        long key = heads.first(0) + 150 * heads.stride() + 2 * 32;
        heads.tensor().memory().set(Panels.FLOAT, key * Float.BYTES, poison);
        try (PromptAttention attention = heads.attention(RowKernels.selected())) {
          float[] found = attention.attend(heads.parts(), 200, Integer.MAX_VALUE, two).toFloats();
          for (int token = 0; token < 200; token++) {
            float first = found[token * 64];
            if (token < 150) {
              assertThat(first).isFinite();
            } else if (Float.isNaN(poison)) {
              assertThat(first).isNaN();
            }
          }
        }
      }
    }
  }
}
