package org.bitatlas.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.bitatlas.model.ActivationRounding;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.ActivationQuantizer.Strategy;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Attention over pages: providers bit for bit, libtorch within a tolerance. */
class PagedAttentionTest {

  private static final int PAGE = PageLayout.TOKENS;
  private static final int[] LENGTHS = {1, 2, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE, 77, 301};

  /** Largest difference from libtorch, of means of up to 301 values of size 1. */
  private static final double TOLERANCE = 5e-6;

  private static HeadStorage codes(int bits, boolean symmetric, Strategy strategy) {
    return new HeadStorage.Codes(ActivationQuantizer.dynamic(bits, symmetric, strategy, 0.95f));
  }

  static List<HeadStorage> storages() {
    return List.of(
        new HeadStorage.Floats(ElementType.F32),
        new HeadStorage.Floats(ElementType.BF16),
        codes(8, true, Strategy.HEAD),
        codes(8, false, Strategy.TOKEN),
        codes(7, false, Strategy.HEAD),
        codes(4, false, Strategy.HEAD),
        codes(4, true, Strategy.TOKEN),
        codes(3, false, Strategy.TOKEN),
        codes(2, true, Strategy.HEAD),
        new HeadStorage.Codes(ActivationQuantizer.perTensor(4, true, -2, 2)),
        new HeadStorage.Codes(ActivationQuantizer.perTensor(8, false, -1.5f, 2)));
  }

  /** Sequences of all lengths, filled with random keys and values. */
  private static final class Filled implements AutoCloseable {
    final int heads;
    final int groups;
    final int dimension;
    final PagePool pool;
    final List<PagedSequence> sequences = new ArrayList<>();
    final List<float[]> given = new ArrayList<>();
    final List<float[]> stored = new ArrayList<>();
    final float[] queries;

    Filled(HeadStorage storage, int heads, int groups, int dimension, long seed) {
      this.heads = heads;
      this.groups = groups;
      this.dimension = dimension;
      SplittableRandom random = new SplittableRandom(seed);
      PageLayout layout =
          new PageLayout(
              groups,
              dimension,
              List.of(
                  new PageLayout.Layer(storage, new HeadStorage.Floats(ElementType.F32)),
                  new PageLayout.Layer(storage, storage)));
      pool = new PagePool(layout);
      PageWriter writer = new PageWriter(layout);
      int width = 2 * groups * dimension;
      for (int length : LENGTHS) {
        PagedSequence sequence = pool.newSequence();
        sequence.extend(length);
        float[] values = normal(length * width, random);
        try (TensorScope _ = TensorScope.open()) {
          Tensor source = Tensor.from(values, length, width);
          Tensor target = Tensor.empty(ElementType.F32, length, width);
          for (int t = 0; t < length; t++) {
            writer.write(1, sequence, t, source.memory(), (long) t * width);
            writer.read(1, sequence, t, target.memory(), (long) t * width);
          }
          stored.add(target.toFloats());
        }
        sequences.add(sequence);
        given.add(values);
      }
      queries = normal(LENGTHS.length * heads * dimension, random);
    }

    float[] attend(AttentionKernels kernels, int window, int threads) {
      PagedAttention attention = new PagedAttention(pool.layout(), heads, kernels);
      System.arraycopy(queries, 0, attention.queries(LENGTHS.length), 0, queries.length);
      try (KernelThreads workers = new KernelThreads(threads)) {
        return attention.attend(1, sequences, LENGTHS, window, workers).clone();
      }
    }

    /** libtorch's attention with what is stored. */
    double[] expected(int row, int window) {
      int length = LENGTHS[row];
      int seen = Math.min(length, window);
      int group = heads / groups;
      try (TensorScope _ = TensorScope.open()) {
        Tensor all =
            Tensor.from(stored.get(row), 1, length, 2L * groups, dimension)
                .narrow(1, length - seen, seen)
                .transpose(1, 2);
        float[] query = new float[heads * dimension];
        System.arraycopy(queries, row * query.length, query, 0, query.length);
        return Tensor.from(query, 1, groups, group, dimension)
            .scaledDotProductAttention(
                all.narrow(1, 0, groups), all.narrow(1, groups, groups), Optional.empty(), false)
            .toDoubles();
      }
    }

    @Override
    public void close() {
      sequences.forEach(PagedSequence::close);
      assertThat(pool.pagesInUse()).isZero();
      pool.close();
    }
  }

  private static float[] normal(int count, SplittableRandom random) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  @ParameterizedTest
  @MethodSource("storages")
  void providersAgreeBitForBitAndWithLibtorch(HeadStorage storage) {
    int[][] shapes = {
      {1, 1, 8}, {4, 2, 8}, {6, 2, 31}, {3, 3, 33}, {8, 2, 64}, {7, 1, 100}, {2, 1, 128}
    };
    for (int[] shape : shapes) {
      try (Filled filled = new Filled(storage, shape[0], shape[1], shape[2], shape[2])) {
        for (int window : new int[] {Integer.MAX_VALUE, 1, 5, PAGE, 45}) {
          float[] scalar = filled.attend(new ScalarAttention(), window, 1);
          assertThat(filled.attend(new VectorAttention(), window, 2)).isEqualTo(scalar);
          int width = shape[0] * shape[2];
          for (int row = 0; row < LENGTHS.length; row++) {
            double[] expected = filled.expected(row, window);
            double worst = 0;
            for (int i = 0; i < width; i++) {
              worst = Math.max(worst, Math.abs(scalar[row * width + i] - expected[i]));
            }
            assertThat(worst)
                .as("d %d, window %d, row %d", shape[2], window, row)
                .isLessThan(TOLERANCE);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("storages")
  void storedValuesAreThoseOfSimulatedRounding(HeadStorage storage) {
    try (Filled filled = new Filled(storage, 4, 2, 20, 3);
        TensorScope _ = TensorScope.open()) {
      for (int row = 0; row < LENGTHS.length; row++) {
        Tensor given = Tensor.from(filled.given.get(row), LENGTHS[row], 2, 40);
        Tensor expected =
            switch (storage) {
              case HeadStorage.Floats floats -> given.to(floats.type());
              case HeadStorage.Codes codes ->
                  ActivationRounding.apply(given, codes.quantizer(), 20);
            };
        assertThat(filled.stored.get(row)).isEqualTo(expected.toFloats());
      }
    }
  }

  @Test
  void whatIsNotANumberIsSeen() {
    for (HeadStorage storage : storages()) {
      for (float poison : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
        try (Filled filled = new Filled(storage, 2, 1, 8, 9);
            TensorScope _ = TensorScope.open()) {
          int row = 6;
          float[] token = new float[16];
          token[3] = poison;
          new PageWriter(filled.pool.layout())
              .write(
                  1,
                  filled.sequences.get(row),
                  LENGTHS[row] - 1,
                  Tensor.from(token, 16).memory(),
                  0);
          float[] scalar = filled.attend(new ScalarAttention(), Integer.MAX_VALUE, 1);
          assertThat(filled.attend(new VectorAttention(), Integer.MAX_VALUE, 1)).isEqualTo(scalar);
          boolean clipped =
              storage instanceof HeadStorage.Codes codes && !codes.quantizer().dynamic();
          if (Float.isNaN(poison) && !clipped) {
            assertThat(Arrays.copyOfRange(scalar, row * 16, (row + 1) * 16))
                .as("%s", storage)
                .containsOnly(Float.NaN);
          }
        }
      }
    }
  }

  @Test
  void sequencesShareFullPagesAndCopyTheRest() {
    HeadStorage storage = codes(4, false, Strategy.HEAD);
    PageLayout layout = new PageLayout(2, 8, List.of(new PageLayout.Layer(storage, storage)));
    PageWriter writer = new PageWriter(layout);
    try (PagePool pool = new PagePool(layout);
        TensorScope _ = TensorScope.open()) {
      float[] values = normal(3 * PAGE * 32, new SplittableRandom(4));
      Tensor source = Tensor.from(values, 3L * PAGE, 32);
      PagedSequence first = pool.newSequence();
      first.extend(2 * PAGE + 5);
      for (int t = 0; t < first.length(); t++) {
        writer.write(0, first, t, source.memory(), t * 32L);
      }
      assertThat(pool.pagesInUse()).isEqualTo(3);
      PagedSequence second = first.fork(2 * PAGE + 3);
      assertThat(pool.pagesInUse()).isEqualTo(4);
      second.extend(1);
      writer.write(0, second, 2 * PAGE + 3, source.memory(), 0);
      assertThatThrownBy(() -> writer.write(0, second, 7, source.memory(), 0))
          .isInstanceOf(IllegalStateException.class);
      assertThat(stored(writer, first, 2 * PAGE + 3))
          .isNotEqualTo(stored(writer, second, 2 * PAGE + 3));
      assertThat(stored(writer, first, 2 * PAGE + 2))
          .isEqualTo(stored(writer, second, 2 * PAGE + 2));
      first.close();
      assertThat(pool.pagesInUse()).isEqualTo(3);
      writer.write(0, second, 7, source.memory(), 0);
      second.close();
      assertThat(pool.pagesInUse()).isZero();
    }
  }

  private static float[] stored(PageWriter writer, PagedSequence sequence, int position) {
    Tensor target = Tensor.empty(ElementType.F32, 32);
    writer.read(0, sequence, position, target.memory(), 0);
    return target.toFloats();
  }

  @Test
  void exponentialsAreNearTheirDefinition() {
    double worst = 0;
    for (float x = -87; x <= 0; x += 0.0137f) {
      double exact = Math.exp(x);
      worst = Math.max(worst, Math.abs(Exponential.of(x) - exact) / exact);
    }
    assertThat(worst).isLessThan(2 * Math.ulp(1f));
    assertThat(Exponential.of(0)).isEqualTo(1);
    assertThat(Exponential.of(-88)).isZero();
    assertThat(Exponential.of(Float.NEGATIVE_INFINITY)).isZero();
    assertThat(Exponential.of(Float.NaN)).isNaN();
  }
}
