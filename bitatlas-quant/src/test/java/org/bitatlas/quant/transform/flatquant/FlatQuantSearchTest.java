package org.bitatlas.quant.transform.flatquant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.DecoderBlock;
import org.bitatlas.model.InputGroup;
import org.bitatlas.model.LinearInputObserver;
import org.bitatlas.quant.method.ActivationPolicy;
import org.bitatlas.quant.method.FlatForm;
import org.bitatlas.quant.method.Transform;
import org.bitatlas.quant.rounding.Tiles;
import org.bitatlas.quant.transform.BlockInputs;
import org.bitatlas.quant.transform.BlockTransform;
import org.bitatlas.quant.transform.SearchListener;
import org.bitatlas.scheme.ActivationQuantizer;
import org.bitatlas.scheme.AttentionActivations;
import org.bitatlas.scheme.KroneckerSizes;
import org.bitatlas.scheme.KroneckerTransform;
import org.bitatlas.scheme.LinearActivations;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.NativeRuntime;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class FlatQuantSearchTest {

  static final ActivationPolicy FOUR_BITS =
      new ActivationPolicy(4, true, ActivationPolicy.Granularity.DYNAMIC_TOKEN, 1, 16, 4, 4);

  private static final FlatForm TIED_KRONECKER =
      new FlatForm(FlatForm.Clip.TIED, FlatForm.Output.KRONECKER, FlatForm.Type.FLOAT32);

  private static Transform.FlatQuant options(int epochs, double rate, boolean directInverse) {
    return options(epochs, rate, directInverse, FlatForm.REFERENCE);
  }

  private static Transform.FlatQuant options(
      int epochs, double rate, boolean directInverse, FlatForm form) {
    return new Transform.FlatQuant(epochs, rate, 2, 0.3, directInverse, 5, form);
  }

  private static BlockTransform find(
      DecoderBlock block, BlockInputs inputs, Transform.FlatQuant options, int threads) {
    try (Tiles tiles = new Tiles(threads)) {
      return FlatQuantSearch.find(
          block,
          inputs,
          RandomBlock.outputs(block, inputs),
          options,
          4,
          FOUR_BITS,
          tiles,
          SearchListener.NONE);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void withoutRoundingTheTransformedBlockIsTheOriginal(boolean directInverse) throws IOException {
    for (FlatForm form : List.of(FlatForm.REFERENCE, TIED_KRONECKER)) {
      try (RandomBlock model = new RandomBlock();
          DecoderBlock original = model.load();
          DecoderBlock transformed = model.load();
          TensorScope _ = TensorScope.open()) {
        BlockInputs inputs = model.inputs(4, 12);
        BlockTransform transform = find(original, inputs, options(2, 5e-3, directInverse, form), 2);

        put(transform, transformed);

        assertThat(transform.weights().keySet()).containsExactlyInAnyOrder(Projection.values());
        assertThat(transform.biases()).containsOnlyKeys(Projection.VALUE);
        assertThat(Norms.relativeError(output(transformed, inputs), output(original, inputs)))
            .isLessThan(1e-5);
      }
    }
  }

  /** Puts a transform into a block, and no rounding. */
  private static void put(BlockTransform transform, DecoderBlock block) {
    transform.weights().forEach(block::setWeight);
    transform.biases().forEach(block::setBias);
    transform.norms().forEach(block::setNorm);
    transform
        .activations()
        .forEach((projection, around) ->
            block.setActivations(
                projection,
                new LinearActivations(around.transform(), Optional.empty(), Optional.empty())));
    block.setAttention(
        new AttentionActivations(
            transform.attention().headTransform(),
            transform.attention().queryTransform(),
            Optional.empty(),
            Optional.empty()));
  }

  @Test
  void tiedRangesHaveOneFactorForBothEndsAndAllLayersOfAnInput() throws IOException {
    try (RandomBlock model = new RandomBlock();
        DecoderBlock block = model.load()) {
      BlockTransform transform =
          find(block, model.inputs(4, 12), options(3, 5e-3, false, TIED_KRONECKER), 2);

      Set<Float> factors = new HashSet<>();
      for (InputGroup group : InputGroup.values()) {
        LinearActivations common =
            Objects.requireNonNull(transform.activations().get(group.observed()));
        ActivationQuantizer input = common.input().orElseThrow();
        assertThat(input.clipLow()).isEqualTo(input.clipHigh()).isBetween(0.5f, 0.999f);
        factors.add(input.clipLow());
        for (Projection projection : group.projections()) {
          assertThat(transform.activations().get(projection)).isEqualTo(common);
        }
        KroneckerTransform online = common.transform().orElseThrow();
        KroneckerSizes sizes =
            KroneckerSizes.of(block.architecture().inputFeatures(group.observed())).orElseThrow();
        assertThat(List.of(online.leftSize(), online.rightSize()))
            .containsExactly(sizes.left(), sizes.right());
        assertThat(online.right()).isPresent();
      }
      assertThat(factors).as("every input learns its own").hasSize(InputGroup.values().length);
    }
  }

  /** The weights get the inverses of what is left of the factors, so that nothing else changes. */
  @ParameterizedTest
  @EnumSource(
      value = FlatForm.Type.class,
      names = {"BFLOAT16", "FLOAT16"})
  void roundedTransformsAreInTheirTypeAndAsExact(FlatForm.Type type) throws IOException {
    FlatForm rounded = new FlatForm(FlatForm.Clip.TIED, FlatForm.Output.KRONECKER, type);
    try (RandomBlock model = new RandomBlock();
        DecoderBlock original = model.load();
        DecoderBlock transformed = model.load();
        TensorScope _ = TensorScope.open()) {
      BlockInputs inputs = model.inputs(4, 12);
      BlockTransform exact = find(original, inputs, options(2, 5e-3, false, TIED_KRONECKER), 2);
      BlockTransform transform = find(original, inputs, options(2, 5e-3, false, rounded), 2);

      for (Projection projection : Projection.values()) {
        KroneckerTransform online = online(transform, projection);
        assertThat(held(online.left().orElseThrow(), type)).isTrue();
        assertThat(held(online.right().orElseThrow(), type)).isTrue();
        assertThat(online).isNotEqualTo(online(exact, projection));
      }
      transform.norms().values().forEach(norm -> assertThat(held(norm, type)).isTrue());
      transform.biases().values().forEach(bias -> assertThat(held(bias, type)).isTrue());

      put(transform, transformed);
      // A rounded bias is the one thing that no weight makes up for.
      exact.biases().forEach(transformed::setBias);
      assertThat(Norms.relativeError(output(transformed, inputs), output(original, inputs)))
          .isLessThan(1e-5);
    }
  }

  private static KroneckerTransform online(BlockTransform transform, Projection projection) {
    return Objects.requireNonNull(transform.activations().get(projection))
        .transform()
        .orElseThrow();
  }

  private static boolean held(float[] values, FlatForm.Type type) {
    float[] rounded =
        Tensor.from(values, values.length).to(type.element()).to(ElementType.F32).toFloats();
    return Arrays.equals(rounded, values);
  }

  private static float[] output(DecoderBlock block, BlockInputs inputs) {
    return block.forward(inputs.batch(0), block.operators(), LinearInputObserver.NONE).toFloats();
  }

  @Test
  void theLossFallsAndIsReported() throws IOException {
    try (RandomBlock model = new RandomBlock();
        DecoderBlock block = model.load();
        Tiles tiles = new Tiles(2);
        TensorScope _ = TensorScope.open()) {
      BaseWeights base = BaseWeights.of(block);
      BlockInputs inputs = model.inputs(4, 12);
      TrainingData data = gather(block, inputs, tiles);
      Quantization quantization = Quantization.of(4, FOUR_BITS, FlatForm.REFERENCE);
      FlatTraining training =
          new FlatTraining(block, base, data, quantization, StraightThrough.ROUNDING, tiles);
      BlockParameters parameters = initial(block, base, data, quantization, false);

      FlatTraining.Outcome outcome =
          training.train(parameters, options(20, 5e-3, false), FlatTraining.Listener.NONE);

      assertThat(outcome.losses()).hasSize(40);
      assertThat(outcome.trouble()).isEmpty();
      assertThat(outcome.losses().getLast()).isLessThan(0.7 * outcome.losses().get(1));
      assertThat(find(block, inputs, options(1, 5e-3, false), 2).facts()).containsOnlyKeys("loss");
    }
  }

  static TrainingData gather(DecoderBlock block, BlockInputs inputs, Tiles tiles) {
    return TrainingData.gather(block, inputs, RandomBlock.outputs(block, inputs), tiles);
  }

  static BlockParameters initial(
      DecoderBlock block,
      BaseWeights base,
      TrainingData data,
      Quantization quantization,
      boolean directInverse) {
    return BlockParameters.initial(
        block.architecture(),
        block.layer(),
        quantization,
        directInverse,
        FlatQuantSearch.initialChannels(base, data, 0.3),
        3);
  }

  @Test
  void theResultDoesNotDependOnTheNumberOfThreads() throws IOException {
    try (RandomBlock model = new RandomBlock();
        DecoderBlock block = model.load()) {
      BlockInputs inputs = model.inputs(5, 12);
      BlockTransform one = find(block, inputs, options(2, 5e-3, false), 1);
      BlockTransform three = find(block, inputs, options(2, 5e-3, false), 3);

      for (Projection projection : Projection.values()) {
        assertThat(three.clipped().get(projection)).isEqualTo(one.clipped().get(projection));
      }
      assertThat(three.activations()).isEqualTo(one.activations());
      assertThat(three.attention()).isEqualTo(one.attention());
      assertThat(three.facts()).isEqualTo(one.facts());
    }
  }

  @Test
  void aRateThatOverflowsKeepsTheLastGoodParameters() throws IOException {
    try (RandomBlock model = new RandomBlock();
        DecoderBlock block = model.load()) {
      BlockTransform transform = find(block, model.inputs(4, 12), options(3, 1e30, false), 2);

      assertThat(transform.facts().get("training stopped")).contains("not finite at step 2 of 6");
      for (float[] weight : transform.clipped().values()) {
        for (float value : weight) {
          assertThat(value).isFinite();
        }
      }
    }
  }

  @Test
  void aSingularTransformEndsTraining() throws IOException {
    try (RandomBlock model = new RandomBlock();
        DecoderBlock block = model.load();
        Tiles tiles = new Tiles(2);
        TensorScope _ = TensorScope.open()) {
      BaseWeights base = BaseWeights.of(block);
      TrainingData data = gather(block, model.inputs(2, 12), tiles);
      Quantization quantization = Quantization.of(4, FOUR_BITS, FlatForm.REFERENCE);
      BlockParameters parameters = initial(block, base, data, quantization, true);
      Arrays.fill(parameters.list().getFirst().values(), 0);

      FlatTraining.Outcome outcome =
          new FlatTraining(block, base, data, quantization, StraightThrough.ROUNDING, tiles)
              .train(parameters, options(1, 5e-3, true), FlatTraining.Listener.NONE);

      assertThat(outcome.losses()).isEmpty();
      assertThat(outcome.trouble().orElseThrow()).contains("singular at step 1 of 1");
    }
  }

  @Test
  void inputsThatAreNotFiniteAreRefused() throws IOException {
    try (RandomBlock model = new RandomBlock();
        DecoderBlock block = model.load()) {
      int width = block.architecture().hiddenSize();
      float[] hidden = new float[12 * width];
      hidden[100] = Float.POSITIVE_INFINITY;

      assertThatThrownBy(() ->
              find(block, RandomBlock.inputs(List.of(hidden), width), options(1, 5e-3, false), 1))
          .isInstanceOf(BitAtlasException.class)
          .hasMessageContaining("Block 0");
    }
  }

  @Test
  void bitsAndPoliciesWithoutATrainableGridAreRefused() {
    assertThatThrownBy(() -> Quantization.of(1, FOUR_BITS, FlatForm.REFERENCE))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("1 bit");
    ActivationPolicy fixed =
        new ActivationPolicy(4, true, ActivationPolicy.Granularity.STATIC_TENSOR, 1, 16, 16, 16);
    assertThatThrownBy(() -> Quantization.of(4, fixed, FlatForm.REFERENCE))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("per token");
  }

  /** A leak shows in every round; heap and compiler grow in some. */
  @Test
  void hundredsOfStepsLeakNothing() throws IOException {
    try (RandomBlock model = new RandomBlock();
        DecoderBlock block = model.load()) {
      BlockInputs inputs = model.inputs(4, 32);
      find(block, inputs, options(20, 5e-3, false), 2);
      long least = Long.MAX_VALUE;
      long most = 8L << 20;
      for (int round = 0; round < 3 && least >= most; round++) {
        long before = NativeRuntime.physicalBytes();
        find(block, inputs, options(40, 5e-3, false), 2);
        least = Math.min(least, NativeRuntime.physicalBytes() - before);
      }
      assertThat(least).as("bytes more after 80 steps").isLessThan(most);
    }
  }
}
