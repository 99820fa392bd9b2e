package org.bitatlas.quant.transform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.model.InputGroup;
import org.bitatlas.model.LinearInputObserver;
import org.bitatlas.quant.method.Grid;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.Rounding;
import org.bitatlas.quant.method.Transform.Awq;
import org.bitatlas.quant.method.WeightScheme;
import org.bitatlas.quant.rounding.ColumnSweep;
import org.bitatlas.quant.rounding.Tiles;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.Test;

/** What holds of AWQ's search whatever the reference does. */
class AwqSearchTest {

  private static final int LENGTH = 20;
  private static final int SEQUENCES = 7;
  private static final float[] HIDDEN = RandomBlock.hidden(SEQUENCES, LENGTH, 3);
  private static final ArrayInputs INPUTS =
      new ArrayInputs(HIDDEN, SEQUENCES, LENGTH, RandomBlock.WIDTH, 2);
  private static final Awq OPTIONS = new Awq(20, 0, true, 20, 0.5, 50, false);

  private static Recipe recipe(int bits, int groupSize) {
    WeightScheme scheme = WeightScheme.of(bits, groupSize, Grid.AWQ_ASYMMETRIC);
    return Recipe.of(scheme, new Rounding.Nearest());
  }

  private static AwqSearch.Result search(
      RandomBlock random, Recipe recipe, Awq options, int threads) {
    try (Tiles tiles = new Tiles(threads)) {
      return AwqSearch.search(random.block(), INPUTS, recipe, options, tiles, SearchListener.NONE);
    }
  }

  private static void roundToNearest(RandomBlock random, Recipe recipe, InputGroup group) {
    try (Tiles tiles = new Tiles(1)) {
      for (Projection projection : group.projections()) {
        float[] weight = random.block().weight(projection);
        int columns = random.block().architecture().inputFeatures(projection);
        int rows = weight.length / columns;
        random
            .block()
            .setWeight(
                projection,
                ColumnSweep.round(weight, rows, columns, recipe, Optional.empty(), tiles)
                    .linear()
                    .dequantize());
      }
    }
  }

  @Test
  void theBlockComputesWhatItDid() {
    for (int keyValueHeads : new int[] {2, 4}) {
      for (boolean duoScaling : new boolean[] {false, true}) {
        try (RandomBlock random = RandomBlock.of(keyValueHeads, 7)) {
          float[] before = random.output(HIDDEN, LENGTH);
          Awq options = new Awq(20, 0, true, 20, 0.5, 50, duoScaling);
          AwqSearch.Result result = search(random, recipe(3, 16), options, 2);
          assertThat(result.scales().containsKey(InputGroup.ATTENTION_OUTPUT))
              .isEqualTo(keyValueHeads == 4);
          random.apply(result.transform());
          assertThat(Deviation.greatestDifference(random.output(HIDDEN, LENGTH), before))
              .isLessThanOrEqualTo(1e-5 * Deviation.greatest(before));
        }
      }
    }
  }

  @Test
  void theLossOfRatioZeroIsThatOfRoundingToNearest() {
    for (int groupSize : new int[] {0, 16, 20}) {
      Recipe recipe = recipe(3, groupSize);
      try (RandomBlock random = RandomBlock.of(4, 7)) {
        Map<InputGroup, ScaleSearch.Found> found = search(random, recipe, OPTIONS, 2).scales();
        for (InputGroup group : InputGroup.values()) {
          assertThat(found.get(group).losses()[0])
              .as("%s, groups of %d", group, groupSize)
              .isCloseTo(
                  lossOfRounding(recipe, group), within(1e-5 * found.get(group).losses()[0]));
        }
      }
    }
  }

  /** Three sequences of seven are two of the four batches: the first and the third. */
  @Test
  void aSearchOverSomeSamplesSeesTheirBatchesOnly() {
    Awq some = new Awq(20, 3, true, 20, 0.5, 50, false);
    int batch = 2 * LENGTH * RandomBlock.WIDTH;
    float[] seen = Arrays.copyOf(HIDDEN, 2 * batch);
    System.arraycopy(HIDDEN, 2 * batch, seen, batch, batch);
    ArrayInputs alone = new ArrayInputs(seen, 4, LENGTH, RandomBlock.WIDTH, 2);
    try (RandomBlock random = RandomBlock.of(4, 7);
        Tiles tiles = new Tiles(2)) {
      AwqSearch.Result partial = search(random, recipe(3, 16), some, 2);
      AwqSearch.Result whole = search(random, recipe(3, 16), OPTIONS, 2);
      AwqSearch.Result apart =
          AwqSearch.search(
              random.block(), alone, recipe(3, 16), OPTIONS, tiles, SearchListener.NONE);
      for (InputGroup group : List.of(InputGroup.ATTENTION, InputGroup.MLP)) {
        double loss = partial.scales().get(group).losses()[0];
        assertThat(loss).isEqualTo(apart.scales().get(group).losses()[0]);
        assertThat(loss).isNotEqualTo(whole.scales().get(group).losses()[0]);
      }
      for (InputGroup group : List.of(InputGroup.ATTENTION_OUTPUT, InputGroup.MLP_OUTPUT)) {
        assertThat(partial.scales().get(group).losses())
            .isEqualTo(whole.scales().get(group).losses());
      }
    }
  }

  /** Mean squared change of the half of the block that a group's search looks at. */
  private static double lossOfRounding(Recipe recipe, InputGroup group) {
    try (RandomBlock original = RandomBlock.of(4, 7);
        RandomBlock rounded = RandomBlock.of(4, 7)) {
      roundToNearest(rounded, recipe, group);
      Map<InputGroup, float[]> inputs = new EnumMap<>(InputGroup.class);
      LinearInputObserver observer =
          (projection, input) -> inputs.put(InputGroup.of(projection), input.toFloats());
      try (TensorScope _ = TensorScope.open()) {
        Tensor hidden = Tensor.from(HIDDEN, SEQUENCES, LENGTH, RandomBlock.WIDTH);
        original.block().forward(hidden, original.block().operators(), observer);
        float[] before = half(original, group, inputs.get(group));
        return Deviation.meanSquare(half(rounded, group, inputs.get(group)), before);
      }
    }
  }

  private static float[] half(RandomBlock random, InputGroup group, float[] values) {
    Tensor input =
        Tensor.from(values, SEQUENCES, LENGTH, values.length / ((long) SEQUENCES * LENGTH));
    Tensor output =
        switch (group) {
          case ATTENTION -> random.block().attention(input, random.block().operators());
          case MLP -> random.block().mlp(input, random.block().operators());
          case ATTENTION_OUTPUT, MLP_OUTPUT -> random.block().operators().linear(group, input);
        };
    return output.toFloats();
  }

  @Test
  void scalesHelpWhereOneChannelIsAnOutlier() {
    try (RandomBlock random = RandomBlock.of(2, 7)) {
      ScaleSearch.Found found =
          search(random, recipe(3, 0), OPTIONS, 2).scales().get(InputGroup.ATTENTION);
      assertThat(found.ratio()).isPositive();
      assertThat(found.losses()[found.step()]).isLessThan(0.8 * found.losses()[0]);
      assertThat(found.scales()[RandomBlock.OUTLIER])
          .isEqualTo((float) Arrays.stream(doubles(found.scales())).max().orElseThrow());
    }
  }

  private static double[] doubles(float[] values) {
    double[] doubles = new double[values.length];
    Arrays.setAll(doubles, i -> values[i]);
    return doubles;
  }

  @Test
  void threadsDoNotChangeTheResult() {
    try (RandomBlock random = RandomBlock.of(4, 7)) {
      AwqSearch.Result one = search(random, recipe(3, 16), OPTIONS, 1);
      AwqSearch.Result three = search(random, recipe(3, 16), OPTIONS, 3);
      assertThat(three.transform().facts()).isEqualTo(one.transform().facts());
      one.transform()
          .clipped()
          .forEach((projection, weight) ->
              assertThat(three.transform().clipped().get(projection)).isEqualTo(weight));
      one.scales()
          .forEach((group, found) ->
              assertThat(three.scales().get(group).losses()).isEqualTo(found.losses()));
    }
  }

  @Test
  void excludedLinearsAreNeitherSearchedNorClipped() {
    Recipe all = recipe(3, 16);
    Recipe some =
        Recipe.parse(
            Map.of(
                "method",
                "awq",
                "bits",
                3,
                "group_size",
                16,
                "exclude",
                List.of("down_proj", "v_")));
    try (RandomBlock random = RandomBlock.of(4, 7)) {
      AwqSearch.Result without = search(random, some, OPTIONS, 2);
      assertThat(without.scales()).doesNotContainKey(InputGroup.MLP_OUTPUT);
      assertThat(without.maxima()).doesNotContainKeys(Projection.DOWN, Projection.VALUE);
      assertThat(without.transform().weights()).containsKey(Projection.VALUE);
      ScaleSearch.Found whole = search(random, all, OPTIONS, 2).scales().get(InputGroup.ATTENTION);
      assertThat(without.scales().get(InputGroup.ATTENTION).losses()[0])
          .isLessThan(whole.losses()[0]);
    }
  }

  @Test
  void rangesNeverMakeAGroupWorse() {
    try (RandomBlock random = RandomBlock.of(2, 7)) {
      GroupRounding rounding = GroupRounding.of(recipe(3, 20).weights(), RandomBlock.WIDTH);
      float[] weight = random.block().weight(Projection.VALUE);
      for (int tokens : new int[] {10, 100}) {
        float[] sample = Arrays.copyOf(HIDDEN, tokens * RandomBlock.WIDTH);
        try (Tiles tiles = new Tiles(2);
            GroupOutputs outputs = new GroupOutputs(sample, RandomBlock.WIDTH, 20)) {
          RangeSearch search = new RangeSearch(OPTIONS, rounding, tiles);
          float[] maxima = search.maxima(weight, outputs);
          float[] clamped = search.clamped(weight, maxima);
          double[] nearest = errors(rounding, weight, weight, sample, tiles);
          double[] clipped = errors(rounding, clamped, weight, sample, tiles);
          for (int cell = 0; cell < nearest.length; cell++) {
            assertThat(clipped[cell]).isLessThanOrEqualTo(nearest[cell] * (1 + 1e-5));
          }
          assertThat(Arrays.stream(clipped).sum()).isLessThan(0.95 * Arrays.stream(nearest).sum());
        }
      }
    }
  }

  /** Squared error of every row's partial output of two groups, token by token. */
  private static double[] errors(
      GroupRounding rounding, float[] stored, float[] weight, float[] sample, Tiles tiles) {
    float[] ones = new float[RandomBlock.WIDTH];
    Arrays.fill(ones, 1);
    float[] rounded = new float[weight.length];
    rounding.roundScaled(stored, ones, rounded, 0, tiles);
    int rows = weight.length / RandomBlock.WIDTH;
    double[] errors = new double[rows * rounding.groups()];
    for (int cell = 0; cell < errors.length; cell++) {
      int row = cell / rounding.groups() * RandomBlock.WIDTH;
      int group = cell % rounding.groups();
      for (int token = 0; token < sample.length; token += RandomBlock.WIDTH) {
        double change = 0;
        for (int k = rounding.start(group); k < rounding.start(group + 1); k++) {
          change += (double) sample[token + k] * (rounded[row + k] - weight[row + k]);
        }
        errors[cell] += change * change;
      }
    }
    return errors;
  }

  @Test
  void duoScalingDividesByTheMeanRelativeWeight() {
    float[] weight = {1, 2, 4, 0, -3, 6, 8, 8};
    float[] means = ScaleCandidates.relativeMagnitudes(List.of(weight), 4, 2);
    float[] expected = {
      (1 / (2 + 1e-6f) + 3 / (6 + 1e-6f)) / 2,
      (2 / (2 + 1e-6f) + 6 / (6 + 1e-6f)) / 2,
      (4 / (4 + 1e-6f) + 8 / (8 + 1e-6f)) / 2,
      (0 + 8 / (8 + 1e-6f)) / 2
    };
    Deviation.assertClose("relative magnitudes", means, expected, 1e-6);
    float[] scales = new ScaleCandidates(new float[] {4, 4, 1, 0}, Optional.of(means)).of(0.5);
    double first = 2 / (Math.sqrt(0.5) + 1e-4);
    double second = 2 / (1 + 1e-4);
    double third = 1 / (1 + 1e-4);
    double norm = Math.sqrt(first * 1e-4);
    Deviation.assertClose(
        "scales",
        scales,
        new float[] {
          (float) (first / norm),
          (float) (second / norm),
          (float) (third / norm),
          (float) (1e-4 / norm)
        },
        1e-5);
  }

  @Test
  void everyStrideThTokenIsSampledAcrossBatches() {
    try (RandomBlock random = RandomBlock.of(2, 7);
        Tiles tiles = new Tiles(2)) {
      AwqStatistics few = AwqStatistics.gather(random.block(), INPUTS, Set.of(), 11, tiles);
      AwqStatistics all = AwqStatistics.gather(random.block(), INPUTS, Set.of(), 1000, tiles);
      int stride = SEQUENCES * LENGTH / 11;
      List<Float> expected = new ArrayList<>();
      float[] every = all.sample(InputGroup.MLP);
      for (int token = 0; token < SEQUENCES * LENGTH; token += stride) {
        for (int k = 0; k < RandomBlock.WIDTH; k++) {
          expected.add(every[token * RandomBlock.WIDTH + k]);
        }
      }
      assertThat(few.sample(InputGroup.MLP)).hasSize(expected.size());
      for (int i = 0; i < expected.size(); i++) {
        assertThat(few.sample(InputGroup.MLP)[i]).isEqualTo(expected.get(i));
      }
    }
  }

  @Test
  void inputsThatAreNotFiniteNameTheLayer() {
    float[] broken = HIDDEN.clone();
    broken[40] = Float.NaN;
    ArrayInputs inputs = new ArrayInputs(broken, SEQUENCES, LENGTH, RandomBlock.WIDTH, 2);
    try (RandomBlock random = RandomBlock.of(2, 7);
        Tiles tiles = new Tiles(2)) {
      assertThatThrownBy(() ->
              AwqSearch.find(
                  random.block(), inputs, recipe(4, 16), OPTIONS, tiles, SearchListener.NONE))
          .isInstanceOf(BitAtlasException.class)
          .hasMessageContaining("model.layers.0.self_attn.q_proj")
          .hasMessageContaining("not finite");
    }
  }
}
