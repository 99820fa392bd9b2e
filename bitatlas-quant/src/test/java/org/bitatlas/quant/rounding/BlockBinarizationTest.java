package org.bitatlas.quant.rounding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Optional;
import org.bitatlas.quant.method.Grid;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.Rounding.Billm;
import org.bitatlas.quant.method.Rounding.SalientMetric;
import org.bitatlas.quant.method.WeightScheme;
import org.bitatlas.quant.rounding.BlockBinarization.Binarized;
import org.bitatlas.quant.rounding.BlockBinarization.Block;
import org.bitatlas.scheme.BinaryLinear;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BlockBinarizationTest {

  private final Tiles tiles = new Tiles(2);

  @AfterEach
  void stop() {
    tiles.close();
  }

  @Test
  void resultsDoNotDependOnTheNumberOfThreads() {
    float[] weight = ColumnSweepTest.normal(100 * 200, 3);
    double[] hessian = ColumnSweepTest.hessian(200, 500, 4);
    for (boolean quirks : new boolean[] {false, true}) {
      for (SalientMetric metric : SalientMetric.values()) {
        Recipe recipe = recipe(64, metric, quirks);
        Binarized first = null;
        for (int threads : new int[] {1, 2, 5}) {
          try (Tiles own = new Tiles(threads)) {
            Optional<InverseFactor> factor =
                InverseFactor.of(hessian, 200, 0.01, false, "layer", own);
            Binarized found = BlockBinarization.round(weight, 100, 200, recipe, factor, own);
            first = first == null ? found : first;
            assertThat(found).isEqualTo(first);
          }
        }
      }
    }
  }

  @Test
  void searchingTheErrorOfTheWeightsLeavesLessErrorThanSearchingTheSalience() {
    for (int seed = 0; seed < 5; seed++) {
      int columns = 128;
      float[] weight = ColumnSweepTest.normal(64 * columns, 10 + seed);
      double[] hessian = ColumnSweepTest.hessian(columns, 400, 20 + seed);
      Optional<InverseFactor> factor =
          InverseFactor.of(hessian, columns, 0.01, false, "layer", tiles);

      assertThat(loss(weight, columns, factor, false))
          .isLessThan(loss(weight, columns, factor, true));
    }
  }

  private double loss(float[] weight, int columns, Optional<InverseFactor> factor, boolean quirks) {
    Recipe recipe = recipe(128, SalientMetric.HESSIAN, quirks);
    return BlockBinarization.round(weight, weight.length / columns, columns, recipe, factor, tiles)
        .loss();
  }

  @Test
  void blocksNarrowerThanTheMostSalientColumnsAreSearchedToTheirWidth() {
    for (int columns : new int[] {1, 2, 30, 129, 133, 172}) {
      float[] weight = ColumnSweepTest.normal(20 * columns, columns);
      for (boolean quirks : new boolean[] {false, true}) {
        Recipe recipe = recipe(128, SalientMetric.HESSIAN, quirks);
        Binarized found =
            BlockBinarization.round(
                weight, 20, columns, recipe, Optional.of(InverseFactor.identity(columns)), tiles);
        int remaining = columns;
        for (Block block : found.blocks()) {
          int width = Math.min(128, remaining);
          assertThat(block.salientColumns()).isBetween(1, Math.max(1, width - 1));
          remaining -= width;
        }
        assertThat(remaining).isNotPositive();
        assertThat(found.linear().dequantize()).doesNotContain(Float.NaN);
      }
    }
  }

  @Test
  void weightsOfDeadColumnsChangeNothing() {
    int columns = 70;
    double[] hessian = ColumnSweepTest.hessian(columns, 200, 5);
    for (int k = 0; k < columns; k++) {
      hessian[7 * columns + k] = 0;
      hessian[k * columns + 7] = 0;
    }
    float[] weight = ColumnSweepTest.normal(9 * columns, 6);
    float[] other = weight.clone();
    for (int row = 0; row < 9; row++) {
      other[row * columns + 7] = 1e6f;
    }
    Optional<InverseFactor> factor =
        InverseFactor.of(hessian, columns, 0.01, false, "layer", tiles);
    Recipe recipe = recipe(128, SalientMetric.HESSIAN, false);

    assertThat(BlockBinarization.round(other, 9, columns, recipe, factor, tiles))
        .isEqualTo(BlockBinarization.round(weight, 9, columns, recipe, factor, tiles));
  }

  @Test
  void constantAndZeroRowsAreExact() {
    float[] weight = new float[3 * 60];
    Arrays.fill(weight, 60, 120, 0.25f);
    Arrays.fill(weight, 120, 180, -3);
    for (boolean quirks : new boolean[] {false, true}) {
      Recipe recipe = recipe(60, SalientMetric.HESSIAN, quirks);
      float[] found =
          BlockBinarization.round(weight, 3, 60, recipe, Optional.empty(), tiles)
              .linear()
              .dequantize();
      for (int i = 0; i < found.length; i++) {
        assertThat(found[i]).isCloseTo(weight[i], within(1e-6f));
      }
    }
  }

  @Test
  void salienceBeyondTheRangeOfFloatsChangesNothing() {
    int columns = 64;
    float[] weight = ColumnSweepTest.normal(16 * columns, 8);
    InverseFactor unit = InverseFactor.identity(columns);
    float[] tiny = unit.upper().clone();
    for (int i = 0; i < tiny.length; i++) {
      tiny[i] *= 0x1p-100f;
    }
    InverseFactor scaled =
        new InverseFactor(columns, tiny, unit.order(), unit.dead(), unit.damping());
    for (boolean quirks : new boolean[] {false, true}) {
      Recipe recipe = recipe(64, SalientMetric.HESSIAN, quirks);
      BinaryLinear found =
          BlockBinarization.round(weight, 16, columns, recipe, Optional.of(scaled), tiles).linear();

      assertThat(found)
          .isEqualTo(
              BlockBinarization.round(weight, 16, columns, recipe, Optional.of(unit), tiles)
                  .linear());
    }
  }

  private static Recipe recipe(int blockSize, SalientMetric metric, boolean quirks) {
    return Recipe.of(
            WeightScheme.of(1, 0, Grid.GPTQ_ASYMMETRIC), new Billm(0.01, blockSize, metric))
        .withQuirks(quirks);
  }
}
