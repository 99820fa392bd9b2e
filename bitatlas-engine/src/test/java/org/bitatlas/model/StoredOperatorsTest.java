package org.bitatlas.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.ActivationQuantizer.Strategy;
import org.bitatlas.scheme.AttentionActivations;
import org.bitatlas.scheme.FloatLinear;
import org.bitatlas.scheme.KroneckerTransform;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.scheme.QuantizedCheckpoint;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Transforms and rounding while a model runs: on whole sequences and token by token. */
class StoredOperatorsTest {

  private static final int[][] IDS = {{3, 14, 15, 9, 26, 53, 58}, {2, 7, 18, 28, 18, 28, 45}};

  private static final Architecture ARCHITECTURE = TinyModel.architecture(0);

  // ---- transforms leave the model what it is

  @ParameterizedTest
  @ValueSource(strings = {"shared", "own", "left", "right"})
  void aTransformAndItsInverseInTheWeightLeaveTheLogits(String kind) {
    QuantizedCheckpoint quantized = TinyModel.emptyCheckpoint();
    try (TransformerModel plain = TinyModel.load(0)) {
      for (int layer = 0; layer < ARCHITECTURE.layers(); layer++) {
        for (Projection projection : Projection.values()) {
          long seed =
              kind.equals("own")
                  ? projection.ordinal()
                  : InputGroup.of(projection).ordinal() + 10L * layer;
          transform(
              quantized,
              projection.module(layer),
              plain.weight(layer, projection),
              ARCHITECTURE.inputFeatures(projection),
              kind,
              seed);
        }
      }
      try (TransformerModel transformed = load(0, quantized)) {
        assertThat(difference(plain, transformed)).isLessThan(1e-4);
        assertThat(transformed.execution()).startsWith("float: FP32, 14 linear layers kept");
      }
    }
  }

  private static void transform(
      QuantizedCheckpoint quantized,
      String module,
      float[] weight,
      int columns,
      String kind,
      long seed) {
    int rightSize = 8;
    int leftSize = columns / rightSize;
    double[] left = kind.equals("right") ? identity(leftSize) : invertible(leftSize, seed);
    double[] right = kind.equals("left") ? identity(rightSize) : invertible(rightSize, seed + 1);
    quantized
        .activations()
        .put(
            module,
            new LinearActivations(
                Optional.of(
                    new KroneckerTransform(
                        leftSize,
                        rightSize,
                        kind.equals("right") ? Optional.empty() : Optional.of(floats(left)),
                        kind.equals("left") ? Optional.empty() : Optional.of(floats(right)))),
                Optional.empty(),
                Optional.empty()));
    // y = x W^T and x' = x (P_L kron P_R), so W' = W (P_L^-T kron P_R^-T).
    double[] leftInverse = inverse(left, leftSize);
    double[] rightInverse = transposed(inverse(right, rightSize), rightSize);
    float[] carried = new float[weight.length];
    for (int row = 0; row < weight.length / columns; row++) {
      double[] matrix = new double[columns];
      for (int k = 0; k < columns; k++) {
        matrix[k] = weight[row * columns + k];
      }
      double[] product =
          product(
              product(leftInverse, matrix, leftSize, leftSize, rightSize),
              rightInverse,
              leftSize,
              rightSize,
              rightSize);
      for (int k = 0; k < columns; k++) {
        carried[row * columns + k] = (float) product[k];
      }
    }
    quantized.linears().put(module, new FloatLinear(weight.length / columns, columns, carried));
  }

  @Test
  void aTransformOfHeadsLeavesTheLogits() {
    QuantizedCheckpoint quantized = TinyModel.emptyCheckpoint();
    for (int layer = 0; layer < ARCHITECTURE.layers(); layer++) {
      quantized.attention().put(layer, heads(layer, Optional.empty(), Optional.empty()));
    }
    try (TransformerModel plain = TinyModel.load(0);
        TransformerModel transformed = load(0, quantized)) {
      assertThat(difference(plain, transformed)).isLessThan(1e-4);
      assertDecodesAsWhole(transformed);
    }
  }

  private static AttentionActivations heads(
      long seed, Optional<ActivationQuantizer> key, Optional<ActivationQuantizer> value) {
    int size = ARCHITECTURE.headDimension();
    double[] transform = invertible(size, seed);
    return new AttentionActivations(
        Optional.of(floats(transform)),
        Optional.of(floats(transposed(inverse(transform, size), size))),
        key,
        value);
  }

  @Test
  void refusesTransformsOfAnotherSize() {
    QuantizedCheckpoint inputs = TinyModel.emptyCheckpoint();
    inputs
        .activations()
        .put(
            Projection.DOWN.module(0),
            new LinearActivations(
                Optional.of(new KroneckerTransform(4, 8, Optional.empty(), Optional.empty())),
                Optional.empty(),
                Optional.empty()));
    assertThatThrownBy(() -> load(0, inputs))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("inputs of 32 values stands in front of mlp.down_proj");
    QuantizedCheckpoint attention = TinyModel.emptyCheckpoint();
    Optional<float[]> identity = Optional.of(TinyModel.identity(4));
    attention
        .attention()
        .put(1, new AttentionActivations(identity, identity, Optional.empty(), Optional.empty()));
    assertThatThrownBy(() -> load(0, attention)).hasMessageContaining("heads of 4 values");
  }

  // ---- each projection sees what its activations say

  @Test
  void everyProjectionRoundsItsOwnInputAndOutput() {
    ActivationQuantizer coarse = ActivationQuantizer.perToken(3, false);
    ActivationQuantizer fine = ActivationQuantizer.perToken(8, true);
    Optional<KroneckerTransform> transform = transform(1);
    List<LinearActivations> kinds =
        List.of(
            LinearActivations.NONE,
            LinearActivations.rounding(fine),
            LinearActivations.rounding(coarse),
            new LinearActivations(Optional.empty(), Optional.empty(), Optional.of(coarse)),
            new LinearActivations(transform, Optional.of(fine), Optional.empty()),
            new LinearActivations(transform, Optional.of(coarse), Optional.of(fine)),
            new LinearActivations(transform, Optional.empty(), Optional.empty()),
            new LinearActivations(transform(2), Optional.empty(), Optional.empty()));
    Checkpoint checkpoint = TinyModel.checkpoint(ARCHITECTURE, 7);
    try (BlockLoader loader = new BlockLoader(ARCHITECTURE, checkpoint, Precision.FP32);
        DecoderBlock block = loader.load(0);
        TensorScope _ = TensorScope.open()) {
      Tensor input = Tensor.from(floats(normal(2 * 5 * 32, 3)), 2, 5, 32);
      for (LinearActivations query : kinds) {
        for (LinearActivations key : kinds) {
          for (LinearActivations value : kinds) {
            block.setActivations(Projection.QUERY, query);
            block.setActivations(Projection.KEY, key);
            block.setActivations(Projection.VALUE, value);
            List<Tensor> expected = new ArrayList<>();
            expected.add(output(block, Projection.QUERY, query, input));
            expected.add(output(block, Projection.KEY, key, input));
            expected.add(output(block, Projection.VALUE, value, input));
            double[] actual = block.operators().linear(InputGroup.ATTENTION, input).toDoubles();
            assertThat(
                    GoldenModels.relativeDifference(actual, Tensor.cat(expected, -1).toDoubles()))
                .as("%s %s %s", query, key, value)
                .isLessThan(1e-6);
          }
        }
      }
    }
  }

  private static Optional<KroneckerTransform> transform(long seed) {
    return Optional.of(
        new KroneckerTransform(
            4, 8, Optional.of(floats(invertible(4, seed))), Optional.of(floats(normal(64, seed)))));
  }

  private static Tensor output(
      DecoderBlock block, Projection projection, LinearActivations around, Tensor input) {
    Tensor prepared =
        around
            .transform()
            .map(transform -> {
              Tensor left = Tensor.from(transform.left().orElseThrow(), 4, 4);
              Tensor right = Tensor.from(transform.right().orElseThrow(), 8, 8);
              return left.transpose(0, 1)
                  .matmul(input.reshape(-1, 4, 8))
                  .matmul(right)
                  .reshape(2, 5, 32);
            })
            .orElse(input);
    Tensor rounded =
        around.input().map(grid -> ActivationRounding.apply(prepared, grid, 8)).orElse(prepared);
    int rows = ARCHITECTURE.outputFeatures(projection);
    Tensor output =
        rounded.linear(
            Tensor.from(block.weight(projection), rows, 32),
            block.bias(projection).map(bias -> Tensor.from(bias, rows)));
    return around.output().map(grid -> ActivationRounding.apply(output, grid, 8)).orElse(output);
  }

  // ---- token by token

  @ParameterizedTest
  @ValueSource(ints = {0, 3})
  void decodingWithARoundedCacheGivesTheLogitsOfTheWholePass(int slidingWindow) {
    List<ActivationQuantizer> caches =
        List.of(
            ActivationQuantizer.dynamic(4, false, Strategy.HEAD, .95f),
            ActivationQuantizer.perToken(8, true),
            ActivationQuantizer.perTensor(4, true, -2, 2));
    try (TransformerModel plain = TinyModel.load(slidingWindow)) {
      for (ActivationQuantizer cache : caches) {
        QuantizedCheckpoint quantized = TinyModel.emptyCheckpoint();
        quantized.attention().put(0, heads(5, Optional.of(cache), Optional.of(cache)));
        quantized.attention().put(1, AttentionActivations.rounding(cache));
        for (Projection projection : Projection.values()) {
          quantized
              .activations()
              .put(
                  projection.module(1),
                  LinearActivations.rounding(ActivationQuantizer.perToken(8, false)));
        }
        try (TransformerModel rounded = load(slidingWindow, quantized)) {
          assertDecodesAsWhole(rounded);
          assertThat(difference(plain, rounded)).isGreaterThan(1e-3);
        }
      }
    }
  }

  /** Prompts of different length, then the rest of each sequence token by token. */
  private static void assertDecodesAsWhole(TransformerModel model) {
    int[] prompts = {2, 4};
    try (TensorScope _ = TensorScope.open();
        DecodingBatch batch = model.newBatch()) {
      double[] whole = model.logits(IDS).toDoubles();
      int length = IDS[0].length;
      double[] next =
          batch
              .prefill(
                  new int[][] {
                    Arrays.copyOf(IDS[0], prompts[0]), Arrays.copyOf(IDS[1], prompts[1])
                  })
              .toDoubles();
      for (int step = 0; prompts[1] + step < length; step++) {
        int[] tokens = new int[2];
        for (int row = 0; row < 2; row++) {
          int at = prompts[row] + step;
          assertThat(
                  GoldenModels.relativeDifference(
                      logits(next, row), logits(whole, row * length + at - 1)))
              .as("row %d at %d", row, at)
              .isLessThan(1e-4);
          tokens[row] = IDS[row][at];
        }
        next = batch.step(tokens).toDoubles();
      }
    }
  }

  private static double[] logits(double[] all, int row) {
    int vocabulary = ARCHITECTURE.vocabularySize();
    return Arrays.copyOfRange(all, row * vocabulary, (row + 1) * vocabulary);
  }

  private static double difference(TransformerModel one, TransformerModel other) {
    try (TensorScope _ = TensorScope.open()) {
      return GoldenModels.relativeDifference(
          other.logits(IDS).toDoubles(), one.logits(IDS).toDoubles());
    }
  }

  private static TransformerModel load(int slidingWindow, QuantizedCheckpoint quantized) {
    Architecture architecture = TinyModel.architecture(slidingWindow);
    return TransformerModel.load(
        architecture, TinyModel.checkpoint(architecture, 7), quantized, Precision.FP32);
  }

  // ---- small matrices

  private static double[] normal(int count, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    return random.doubles(count).map(_ -> random.nextGaussian()).toArray();
  }

  private static double[] identity(int size) {
    double[] identity = new double[size * size];
    for (int i = 0; i < size; i++) {
      identity[i * size + i] = 1;
    }
    return identity;
  }

  /** The identity and some noise. */
  private static double[] invertible(int size, long seed) {
    double[] matrix = normal(size * size, seed);
    for (int i = 0; i < matrix.length; i++) {
      matrix[i] *= .2;
    }
    for (int i = 0; i < size; i++) {
      matrix[i * size + i] += 1;
    }
    return matrix;
  }

  private static double[] inverse(double[] matrix, int size) {
    try (TensorScope _ = TensorScope.open()) {
      // A^-1 = (A^T A)^-1 A^T
      Tensor a = Tensor.fromDoubles(matrix, size, size);
      Tensor normal = a.transpose(0, 1).matmul(a);
      return normal.cholesky().choleskyInverse().matmul(a.transpose(0, 1)).toDoubles();
    }
  }

  private static double[] transposed(double[] matrix, int size) {
    double[] result = new double[matrix.length];
    for (int i = 0; i < matrix.length; i++) {
      result[i % size * size + i / size] = matrix[i];
    }
    return result;
  }

  private static double[] product(double[] left, double[] right, int rows, int inner, int columns) {
    double[] result = new double[rows * columns];
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < inner; j++) {
        for (int k = 0; k < columns; k++) {
          result[i * columns + k] += left[i * inner + j] * right[j * columns + k];
        }
      }
    }
    return result;
  }

  private static float[] floats(double[] values) {
    float[] result = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      result[i] = (float) values[i];
    }
    return result;
  }
}
