package org.bitatlas.quant.rounding;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Optional;
import org.bitatlas.quant.method.Grid;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.Rounding.Gptq;
import org.bitatlas.quant.method.Rounding.SlimLlm;
import org.bitatlas.quant.method.WeightScheme;
import org.bitatlas.quant.rounding.MixedPrecision.Mixed;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.MixedGroupLinear;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MixedPrecisionTest {

  private static final int ROWS = 40;

  private final Tiles tiles = new Tiles(2);

  @AfterEach
  void stop() {
    tiles.close();
  }

  @Test
  void resultsDoNotDependOnTheNumberOfThreads() {
    int columns = 200;
    float[] weight = ColumnSweepTest.normal(ROWS * columns, 1);
    for (boolean quirks : new boolean[] {false, true}) {
      Recipe recipe = recipe(2, 32, 2, 0).withQuirks(quirks);
      MixedGroupLinear first = null;
      for (int threads : new int[] {1, 2, 5}) {
        try (Tiles own = new Tiles(threads)) {
          MixedGroupLinear found = round(weight, columns, recipe, own).linear();
          first = first == null ? found : first;
          assertThat(found).isEqualTo(first);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theSameBitsEverywhereGiveGptq(boolean searched) {
    for (int columns : new int[] {160, 150}) {
      float[] weight = ColumnSweepTest.normal(ROWS * columns, 2);
      InverseFactor factor =
          InverseFactor.of(
                  ColumnSweepTest.hessian(columns, 500, 3), columns, 0.01, false, "layer", tiles)
              .orElseThrow();
      Gptq blocksOfAGroup = new Gptq(0.01, 32, false, false, false);
      Recipe gptq =
          Recipe.of(new WeightScheme(3, 32, Grid.GPTQ_ASYMMETRIC, searched), blocksOfAGroup);
      int[] bits = new int[Math.ceilDiv(columns, 32)];
      Arrays.fill(bits, 3);
      RangeSearch search = searched ? RangeSearch.SHRINKING : RangeSearch.NONE;

      MixedGroupLinear mixed =
          MixedGroupSweep.round(
                  weight,
                  columns,
                  32,
                  bits,
                  new MixedGroupSweep.Options(search, 1, false, 3, true),
                  factor,
                  tiles)
              .linear();

      GridLinear expected =
          ColumnSweep.round(weight, ROWS, columns, gptq, Optional.of(factor), tiles).linear();
      assertThat(mixed.scales()).isEqualTo(expected.scales());
      assertThat(mixed.dequantize()).isEqualTo(expected.dequantize());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "512, 128, 128",
    "511, 128, 128",
    "385, 128, 128",
    "384, 128, 96",
    "192, 128, 48",
    "172, 43, 43",
    "130, 64, 32",
    "5, 128, 1",
    "3, 128, 1"
  })
  void groupsAreTheLargestOfWhichThereAreFour(int columns, int asked, int expected) {
    assertThat(GroupBits.admissibleSize(columns, asked)).isEqualTo(expected);
  }

  @Test
  void smallerGroupsAndTooFewColumnsAreNoted() {
    Mixed asked = round(ColumnSweepTest.normal(ROWS * 128, 4), 128, recipe(3, 32, 1, 0), tiles);
    Mixed smaller = round(ColumnSweepTest.normal(ROWS * 80, 4), 80, recipe(3, 32, 1, 0), tiles);
    Mixed tiny = round(ColumnSweepTest.normal(ROWS * 3, 5), 3, recipe(3, 32, 1, 0), tiles);

    assertThat(asked.note()).isEmpty();
    assertThat(smaller.linear().groupSize()).isEqualTo(20);
    assertThat(smaller.note())
        .contains("80 columns are fewer than 4 groups of 32; groups of 20 columns instead");
    assertThat(tiny.linear().bitsPerGroup()).containsOnly(3);
    assertThat(tiny.note())
        .contains("3 columns are too few to exchange bits between groups; all have 3 bits");
  }

  @Test
  void averageBitsStayAndTheLeastDivergenceIsTaken() {
    for (int bits = 2; bits <= 7; bits++) {
      int columns = 256;
      Mixed mixed =
          round(
              ColumnSweepTest.normal(ROWS * columns, 6 + bits),
              columns,
              recipe(bits, 32, 1, 0),
              tiles);
      double least = Arrays.stream(mixed.divergences()).min().orElseThrow();

      assertThat(mixed.linear().nominalBits()).isEqualTo(bits);
      assertThat(mixed.divergences()).hasSize(4);
      assertThat(mixed.divergences()[mixed.exchanged()]).isEqualTo(least);
      int more = bits + 1;
      assertThat(mixed.linear().bitsPerGroup()).contains(bits);
      assertThat(Arrays.stream(mixed.linear().bitsPerGroup()).filter(b -> b == more).count())
          .isEqualTo(mixed.exchanged());
    }
  }

  @Test
  void uniformBitsAreACandidateButForTheReferencesQuirk() {
    // Groups alike in every respect: a lost bit costs more than a gained one brings.
    int columns = 128;
    float[] weight = ColumnSweepTest.normal(ROWS * columns, 7);
    LayerInputs samples = inputs(columns);
    SalienceFactors factors = SalienceFactors.identity(columns);
    Recipe recipe = recipe(4, 32, 1, 0);

    Mixed off =
        MixedPrecision.round(
            weight, ROWS, columns, recipe, factors, Optional.empty(), samples, tiles);
    Mixed on =
        MixedPrecision.round(
            weight,
            ROWS,
            columns,
            recipe.withQuirks(true),
            factors,
            Optional.empty(),
            samples,
            tiles);

    assertThat(off.exchanged()).isZero();
    assertThat(off.linear().bitsPerGroup()).containsOnly(4);
    assertThat(on.exchanged()).isEqualTo(1);
  }

  @Test
  void onlyTheQuirkLooksAtTheBiasAndOnlyTheAskedSamplesAreSearched() {
    int columns = 128;
    float[] weight = ColumnSweepTest.normal(ROWS * columns, 9);
    Optional<float[]> bias = Optional.of(ColumnSweepTest.normal(ROWS, 10));
    SalienceFactors factors = SalienceFactors.identity(columns);
    SequenceInputs all = inputs(columns);
    LayerInputs two =
        new SequenceInputs(Arrays.copyOf(all.values(), all.values().length / 2), 2, columns);
    Recipe recipe = recipe(3, 32, 1, 0);

    double[] without = divergences(weight, columns, recipe, factors, Optional.empty(), all);

    assertThat(divergences(weight, columns, recipe, factors, bias, all)).isEqualTo(without);
    assertThat(divergences(weight, columns, recipe.withQuirks(true), factors, bias, all))
        .isNotEqualTo(
            divergences(weight, columns, recipe.withQuirks(true), factors, Optional.empty(), all));
    assertThat(divergences(weight, columns, recipe(3, 32, 1, 2), factors, bias, all))
        .isEqualTo(divergences(weight, columns, recipe, factors, bias, two))
        .isNotEqualTo(without);
  }

  private double[] divergences(
      float[] weight,
      int columns,
      Recipe recipe,
      SalienceFactors factors,
      Optional<float[]> bias,
      LayerInputs inputs) {
    return MixedPrecision.round(weight, ROWS, columns, recipe, factors, bias, inputs, tiles)
        .divergences();
  }

  @Test
  void weightsOfDeadColumnsChangeNothing() {
    int columns = 130;
    double[] hessian = ColumnSweepTest.hessian(columns, 300, 11);
    for (int k = 0; k < columns; k++) {
      hessian[7 * columns + k] = 0;
      hessian[k * columns + 7] = 0;
    }
    SalienceFactors factors =
        SalienceFactors.of(hessian, columns, 0.01, false, "layer", tiles).orElseThrow();
    float[] weight = ColumnSweepTest.normal(ROWS * columns, 12);
    float[] other = weight.clone();
    for (int row = 0; row < ROWS; row++) {
      other[row * columns + 7] = 1e6f;
    }
    Recipe recipe = recipe(3, 32, 2, 0);

    MixedGroupLinear found =
        MixedPrecision.round(
                other, ROWS, columns, recipe, factors, Optional.empty(), inputs(columns), tiles)
            .linear();

    assertThat(found)
        .isEqualTo(
            MixedPrecision.round(
                    weight,
                    ROWS,
                    columns,
                    recipe,
                    factors,
                    Optional.empty(),
                    inputs(columns),
                    tiles)
                .linear());
  }

  @Test
  void salientWeightsAreFittedBetterThanOthersWhenTheyWeighMore() {
    int columns = 128;
    float[] weight = ColumnSweepTest.normal(200 * columns, 13);
    InverseFactor identity = InverseFactor.identity(columns);
    int[] bits = {2, 2, 2, 2};

    assertThat(salientError(weight, columns, bits, identity, 50))
        .isLessThan(salientError(weight, columns, bits, identity, 1));
  }

  /** Error of the weights whose square is large, the salient ones under U = I. */
  private double salientError(
      float[] weight, int columns, int[] bits, InverseFactor factor, double salientWeight) {
    float[] found =
        MixedGroupSweep.round(
                weight,
                columns,
                32,
                bits,
                new MixedGroupSweep.Options(RangeSearch.AROUND, salientWeight, false, 2, true),
                factor,
                tiles)
            .linear()
            .dequantize();
    double error = 0;
    for (int i = 0; i < found.length; i++) {
      error += Math.abs(weight[i]) > 2.2 ? Math.pow(Math.abs(found[i] - weight[i]), 2.4) : 0;
    }
    return error;
  }

  private Mixed round(float[] weight, int columns, Recipe recipe, Tiles own) {
    SalienceFactors factors =
        SalienceFactors.of(
                ColumnSweepTest.hessian(columns, 400, 14),
                columns,
                0.01,
                recipe.quirks(),
                "layer",
                own)
            .orElseThrow();
    return MixedPrecision.round(
        weight, ROWS, columns, recipe, factors, Optional.empty(), inputs(columns), own);
  }

  private static SequenceInputs inputs(int columns) {
    return new SequenceInputs(ColumnSweepTest.normal(4 * 300 * columns, 15), 4, columns);
  }

  private static Recipe recipe(int bits, int groupSize, double salientWeight, int samples) {
    return Recipe.of(
        WeightScheme.of(bits, groupSize, Grid.GPTQ_ASYMMETRIC),
        new SlimLlm(0.01, salientWeight, samples));
  }
}
