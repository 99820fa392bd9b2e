package org.bitatlas.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.stream.LongStream;
import org.bitatlas.kernel.HeadStorage;
import org.bitatlas.kernel.PageLayout;
import org.bitatlas.model.DecodingBatch.Prefix;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.ActivationQuantizer.Strategy;
import org.bitatlas.scheme.AttentionActivations;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.tensor.AllocatedBytes;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Long prompts in chunks, shared prefixes, caches of codes, and stopping early. */
class DecodingBatchTest {

  /** Largest relative difference of logits that were computed in another order. */
  private static final double TOLERANCE = 1e-4;

  private static int[] ids(int count, long seed) {
    return new SplittableRandom(seed).ints(count, 0, 61).toArray();
  }

  private static void assertNear(Tensor actual, Tensor expected) {
    assertThat(GoldenModels.relativeDifference(actual.toDoubles(), expected.toDoubles()))
        .isLessThan(TOLERANCE);
  }

  /** Logits after the last of {@code prompt} and after each of {@code more}, from whole passes. */
  private static Tensor whole(TransformerModel model, int[] ids, int from) {
    return model
        .logits(new int[][] {ids})
        .view(ids.length, -1)
        .narrow(0, from - 1L, ids.length - from + 1L);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 70, 700})
  void aLongPromptInChunksGivesTheLogitsOfTheWholePass(int slidingWindow) {
    try (TransformerModel model = TinyModel.load(slidingWindow)) {
      for (int length : new int[] {512, 513, 1500, 4000}) {
        int[] ids = ids(length + 2, length);
        try (DecodingBatch batch = model.newBatch();
            TensorScope _ = TensorScope.open()) {
          Tensor expected = whole(model, ids, length);
          assertNear(
              batch.prefill(new int[][] {Arrays.copyOf(ids, length)}), expected.narrow(0, 0, 1));
          for (int t = 0; t < 2; t++) {
            assertNear(batch.step(new int[] {ids[length + t]}), expected.narrow(0, t + 1L, 1));
          }
          assertThat(batch.computedTokens()).isEqualTo(length + 2);
        }
      }
    }
  }

  @Test
  void memoryOfALongPromptIsPagesAndAChunk() {
    int length = 4000;
    try (TransformerModel model = TinyModel.load(0)) {
      int[] ids = ids(length, 1);
      long little = peak(model, ids, DecodingBatch.CHUNK / 8);
      long grown = peak(model, ids, length);
      Architecture shape = model.architecture();
      long pages = PageLayout.pages(length) * model.cacheLayout().bytes();
      // Keys and values of a layer widened, once for all heads, and what each token may see.
      long layer = 2L * length * shape.keyValueHeads() * shape.headDimension() * Float.BYTES;
      long mask = (long) DecodingBatch.CHUNK * length * Float.BYTES;
      assertThat(grown).isLessThan(little + pages + layer + mask + (2L << 20));
    }
  }

  /** Most native memory above that before; the virtual machine's own grows in some rounds. */
  private static long peak(TransformerModel model, int[] ids, int count) {
    return LongStream.generate(() -> peakOfARound(model, ids, count)).limit(4).min().orElseThrow();
  }

  /** Seen between layers. */
  private static long peakOfARound(TransformerModel model, int[] ids, int count) {
    AtomicLong most = new AtomicLong();
    long before = AllocatedBytes.now();
    BooleanSupplier watch =
        () -> {
          most.accumulateAndGet(AllocatedBytes.now() - before, Math::max);
          return false;
        };
    try (DecodingBatch batch = model.newBatch(watch);
        TensorScope _ = TensorScope.open()) {
      batch.prefill(new int[][] {Arrays.copyOf(ids, count)});
      return most.get();
    }
  }

  @Test
  void rowsComeAndGo() {
    try (TransformerModel model = TinyModel.load(0);
        DecodingBatch batch = model.newBatch();
        TensorScope _ = TensorScope.open()) {
      int[][] ids = {ids(40, 1), ids(33, 2), ids(37, 3)};
      batch.add(new int[][] {Arrays.copyOf(ids[0], 20), Arrays.copyOf(ids[1], 32)});
      batch.step(new int[] {ids[0][20], ids[1][32]});
      batch.add(new int[][] {Arrays.copyOf(ids[2], 35)});
      batch.keepRows(new int[] {0, 2});
      batch.step(new int[] {ids[0][21], ids[2][35]});
      Tensor logits = batch.step(new int[] {ids[0][22], ids[2][36]});
      assertNear(logits.narrow(0, 0, 1), whole(model, Arrays.copyOf(ids[0], 23), 23));
      assertNear(logits.narrow(0, 1, 1), whole(model, ids[2], 37));
      Tensor idle = batch.step(new int[] {DecodingBatch.IDLE, 5});
      assertThat(idle.shape()).startsWith(2);
      Tensor again = batch.step(new int[] {ids[0][23], DecodingBatch.IDLE});
      assertNear(again.narrow(0, 0, 1), whole(model, Arrays.copyOf(ids[0], 24), 24));
    }
  }

  @Test
  void aSharedPrefixIsComputedOnce() {
    try (TransformerModel model = TinyModel.load(0);
        DecodingBatch batch = model.newBatch();
        TensorScope _ = TensorScope.open()) {
      int[] first = ids(100, 1);
      int[] second = first.clone();
      second[80] = (second[80] + 1) % 61;
      int[] longer = Arrays.copyOf(first, 300);
      batch.add(new int[][] {first});
      assertThat(batch.computedTokens()).isEqualTo(100);
      try (Prefix prefix = batch.prefix(0, 80);
          Prefix almostAll = batch.prefix(0, 99)) {
        Tensor logits =
            batch.add(
                new int[][] {second, ids(50, 4), longer, first},
                List.of(
                    Optional.of(prefix),
                    Optional.empty(),
                    Optional.of(almostAll),
                    Optional.of(almostAll)));
        assertThat(batch.computedTokens()).isEqualTo(100 + 20 + 50 + 201 + 1);
        assertNear(logits.narrow(0, 0, 1), whole(model, second, 100));
        assertNear(logits.narrow(0, 1, 1), whole(model, ids(50, 4), 50));
        assertNear(logits.narrow(0, 2, 1), whole(model, longer, 300));
        assertNear(logits.narrow(0, 3, 1), whole(model, first, 100));
      }
      Tensor states = batch.continued(new int[] {1, 1, 0}, new int[][] {{3}, {4, 5}, {6}});
      assertThat(states.shape()).isEqualTo(new long[] {4, 32});
      int[] continuation = Arrays.copyOf(second, 102);
      continuation[100] = 4;
      continuation[101] = 5;
      assertNear(model.head(states.narrow(0, 2, 1)), whole(model, continuation, 102));
      Tensor after = batch.step(new int[] {7, 7, 7, 7, 7});
      int[] unchanged = Arrays.copyOf(second, 101);
      unchanged[100] = 7;
      assertNear(after.narrow(0, 1, 1), whole(model, unchanged, 101));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 5})
  void integerExecutionStoresTheCodesOfSimulatedRounding(int slidingWindow) {
    List<ActivationQuantizer> caches =
        List.of(
            ActivationQuantizer.dynamic(4, false, Strategy.HEAD, .95f),
            ActivationQuantizer.perToken(8, true),
            ActivationQuantizer.dynamic(3, false, Strategy.TOKEN, 1),
            ActivationQuantizer.perTensor(4, true, -2, 2),
            ActivationQuantizer.dynamic(8, true, Strategy.TENSOR, 1));
    for (ActivationQuantizer cache : caches) {
      QuantizedCheckpoint quantized = TinyModel.emptyCheckpoint();
      quantized.attention().put(0, AttentionActivations.rounding(cache));
      quantized
          .attention()
          .put(
              1,
              new AttentionActivations(
                  Optional.empty(), Optional.empty(), Optional.empty(), Optional.of(cache)));
      try (TransformerModel simulated = load(slidingWindow, quantized, Execution.SIMULATED);
          TransformerModel integer = load(slidingWindow, quantized, Execution.INTEGER);
          DecodingBatch floats = simulated.newBatch();
          DecodingBatch codes = integer.newBatch();
          TensorScope _ = TensorScope.open()) {
        int[] ids = ids(90, 5);
        int[][] prompts = {Arrays.copyOf(ids, 60), Arrays.copyOf(ids, 3)};
        assertNear(codes.prefill(prompts), floats.prefill(prompts));
        for (int t = 60; t < 90; t++) {
          int[] tokens = {ids[t], ids[t - 57]};
          Tensor expected = floats.step(tokens);
          assertThat(
                  GoldenModels.relativeDifference(
                      codes.step(tokens).toDoubles(), expected.toDoubles()))
              .as("%s at %d", cache, t)
              .isLessThan(0.02);
        }
        if (HeadStorage.Codes.storable(cache)) {
          assertThat(codes.cacheBytes()).isLessThan(floats.cacheBytes() * 3 / 4);
        }
      }
    }
  }

  private static TransformerModel load(
      int slidingWindow, QuantizedCheckpoint quantized, Execution execution) {
    Architecture architecture = TinyModel.architecture(slidingWindow);
    return TransformerModel.load(
        architecture,
        TinyModel.checkpoint(architecture, 7),
        quantized,
        Precision.FP32,
        execution,
        1);
  }

  @Test
  void cancellingALongPromptLeaksNothing() {
    try (TransformerModel model = TinyModel.load(0)) {
      int[] ids = ids(3000, 9);
      long least = Long.MAX_VALUE;
      for (int round = 0; round < 6; round++) {
        long before = AllocatedBytes.now();
        for (int layers = 1; layers < 10; layers++) {
          cancelled(model, ids, layers);
        }
        least = Math.min(least, AllocatedBytes.now() - before);
      }
      // A leak shows in every round: the pages of 512 tokens alone are 0.5 MB.
      assertThat(least).isLessThan(256L << 10);
    }
  }

  private static void cancelled(TransformerModel model, int[] ids, int layers) {
    AtomicInteger asked = new AtomicInteger();
    try (DecodingBatch batch = model.newBatch(() -> asked.incrementAndGet() > layers);
        TensorScope _ = TensorScope.open()) {
      assertThatThrownBy(() -> batch.prefill(new int[][] {ids}))
          .isInstanceOf(CancellationException.class);
      assertThat(asked).hasValue(layers + 1);
    }
  }
}
