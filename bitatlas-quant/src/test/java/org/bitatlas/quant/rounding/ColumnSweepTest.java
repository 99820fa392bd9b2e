package org.bitatlas.quant.rounding;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import java.util.SplittableRandom;
import org.bitatlas.quant.method.Grid;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.method.Rounding.Gptaq;
import org.bitatlas.quant.method.Rounding.Gptq;
import org.bitatlas.quant.method.WeightScheme;
import org.bitatlas.quant.rounding.ColumnSweep.Rounded;
import org.bitatlas.scheme.GridLinear;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ColumnSweepTest {

  private final Tiles tiles = new Tiles(2);

  @AfterEach
  void stop() {
    tiles.close();
  }

  @ParameterizedTest
  @EnumSource(Grid.class)
  void theIdentityFactorGivesRoundToNearest(Grid grid) {
    float[] weight = normal(40 * 150, 1);
    InverseFactor identity = InverseFactor.identity(150);
    for (int groupSize : new int[] {0, 32}) {
      GridLinear nearest = round(weight, 40, 150, Recipe.rtn(4, groupSize, grid), Optional.empty());
      Recipe gptq = Recipe.gptq(4, groupSize, grid, new Gptq(0.01, 64, false, false, false));

      assertThat(round(weight, 40, 150, gptq, Optional.of(identity))).isEqualTo(nearest);
    }
  }

  @Test
  void roundToNearestTakesTheNearestCode() {
    float[] weight = normal(3 * 37, 2);
    GridLinear linear = round(weight, 3, 37, Recipe.rtn(3, 8), Optional.empty());
    float[] quantized = linear.dequantize();

    for (int i = 0; i < weight.length; i++) {
      float scale = linear.scales()[i / 37 * linear.groups() + i % 37 / 8];
      assertThat(Math.abs(weight[i] - quantized[i])).isLessThanOrEqualTo(scale * 0.50001f);
    }
  }

  @Test
  void resultsDoNotDependOnTheNumberOfThreads() {
    int rows = 100;
    int columns = 200;
    float[] weight = normal(rows * columns, 3);
    double[] hessian = hessian(columns, 400, 4);
    Recipe recipe = Recipe.gptq(3, 48, Grid.GPTQ_SYMMETRIC, new Gptq(0.01, 64, true, false, false));
    Rounded first = null;
    for (int threads : new int[] {1, 2, 5}) {
      try (Tiles own = new Tiles(threads)) {
        InverseFactor factor =
            InverseFactor.of(hessian, columns, 0.01, true, "layer", own).orElseThrow();
        Rounded rounded =
            ColumnSweep.round(weight, rows, columns, recipe, Optional.of(factor), own);
        first = first == null ? rounded : first;
        assertThat(rounded).isEqualTo(first);
      }
    }
  }

  @Test
  void gptqChangesTheOutputsLessThanRoundToNearest() {
    int better = 0;
    int layers = 40;
    for (int seed = 0; seed < layers; seed++) {
      int columns = 60 + seed;
      float[] weight = normal(24 * columns, 100 + seed);
      double[] hessian = hessian(columns, 3 * columns, 200 + seed);
      Optional<InverseFactor> factor =
          InverseFactor.of(hessian, columns, 0.01, false, "layer", tiles);
      int bits = 2 + seed % 3;
      GridLinear gptq = round(weight, 24, columns, Recipe.gptq(bits, 0), factor);
      GridLinear nearest = round(weight, 24, columns, Recipe.rtn(bits, 0), Optional.empty());
      better += outputError(weight, gptq, hessian) <= outputError(weight, nearest, hessian) ? 1 : 0;
    }

    assertThat(better).isGreaterThanOrEqualTo((int) Math.ceil(0.95 * layers));
  }

  @Test
  void weightsOfDeadColumnsBecomeZero() {
    int columns = 70;
    double[] hessian = hessian(columns, 200, 5);
    for (int k = 0; k < columns; k++) {
      hessian[7 * columns + k] = 0;
      hessian[k * columns + 7] = 0;
    }
    float[] weight = normal(9 * columns, 6);
    for (boolean ordered : new boolean[] {false, true}) {
      Optional<InverseFactor> factor =
          InverseFactor.of(hessian, columns, 0.01, ordered, "layer", tiles);
      float[] quantized = round(weight, 9, columns, Recipe.gptq(4, 0), factor).dequantize();
      for (int row = 0; row < 9; row++) {
        assertThat(quantized[row * columns + 7]).isZero();
      }
    }
  }

  @Test
  void constantRowsStayFiniteAndNearTheirValue() {
    int columns = 33;
    float[] weight = new float[4 * columns];
    for (int k = 0; k < columns; k++) {
      weight[columns + k] = 0.25f;
      weight[2 * columns + k] = -0.5f;
      weight[3 * columns + k] = Float.MIN_VALUE;
    }
    for (Grid grid : Grid.values()) {
      float[] quantized =
          round(weight, 4, columns, Recipe.rtn(4, 0, grid), Optional.empty()).dequantize();
      for (int k = 0; k < columns; k++) {
        assertThat(quantized[k]).as("%s zeros", grid).isZero();
        if (grid == Grid.AWQ_ASYMMETRIC) {
          // its range of width 0 becomes 1e-5, and 15 steps of that do not reach .25
          assertThat(quantized[columns + k]).isBetween(0f, 1.1e-5f);
          continue;
        }
        assertThat(quantized[columns + k]).as("%s .25", grid).isBetween(0.11f, 0.26f);
        assertThat(quantized[2 * columns + k]).as("%s -.5", grid).isBetween(-0.54f, -0.46f);
        assertThat(quantized[3 * columns + k]).as("%s subnormal", grid).isBetween(-1e-5f, 1e-5f);
      }
    }
  }

  @Test
  void aGroupSizeAboveTheColumnsIsOneGroup() {
    GridLinear linear = round(normal(2 * 20, 7), 2, 20, Recipe.rtn(4, 128), Optional.empty());

    assertThat(linear.groupSize()).isEqualTo(20);
    assertThat(linear)
        .isEqualTo(round(normal(2 * 20, 7), 2, 20, Recipe.rtn(4, 0), Optional.empty()));
  }

  @Test
  void groupsOfOrderedColumnsKeepTheirIndex() {
    int columns = 24;
    float[] weight = normal(5 * columns, 8);
    Optional<InverseFactor> factor =
        InverseFactor.of(hessian(columns, 90, 9), columns, 0.01, true, "layer", tiles);
    GridLinear dynamic =
        round(
            weight,
            5,
            columns,
            Recipe.gptq(4, 8, Grid.GPTQ_ASYMMETRIC, new Gptq(0.01, 128, true, false, false)),
            factor);
    GridLinear fixed =
        round(
            weight,
            5,
            columns,
            Recipe.gptq(4, 8, Grid.GPTQ_ASYMMETRIC, new Gptq(0.01, 128, true, true, false)),
            factor);

    assertThat(fixed.groupIndex()).isEmpty();
    int[] order = factor.orElseThrow().order();
    for (int position = 0; position < columns; position++) {
      assertThat(dynamic.group(order[position])).isEqualTo(position / 8);
    }
  }

  @Test
  void withoutDriftGptaqIsGptqBitForBit() {
    int columns = 150;
    float[] weight = normal(40 * columns, 11);
    double[] hessian = hessian(columns, 400, 12);
    for (boolean quirks : new boolean[] {false, true}) {
      for (boolean ordered : new boolean[] {false, true}) {
        Gptq sweep = new Gptq(0.01, 64, ordered, false, true);
        WeightScheme scheme = WeightScheme.of(3, 48, Grid.QUAROT_SYMMETRIC);
        Recipe gptq = Recipe.of(scheme, sweep).withQuirks(quirks);
        Recipe gptaq = Recipe.of(scheme, new Gptaq(sweep, 1)).withQuirks(quirks);
        InverseFactor factor =
            InverseFactor.of(hessian, columns, 0.01, ordered, "layer", tiles).orElseThrow();
        DriftCorrection none = DriftCorrection.of(new double[columns * columns], factor, 1, tiles);

        assertThat(corrected(weight, columns, gptaq, factor, Optional.of(none)))
            .isEqualTo(corrected(weight, columns, gptq, factor, Optional.empty()));
      }
    }
  }

  @Test
  void correctionBringsTheOutputsNearerToThoseOfTheFloatInputs() {
    int columns = 96;
    float[] weight = normal(32 * columns, 13);
    Drifted drifted = Drifted.of(columns, 600, 14);
    InverseFactor factor =
        InverseFactor.of(drifted.hessian(), columns, 0.01, false, "layer", tiles).orElseThrow();
    DriftCorrection correction = DriftCorrection.of(drifted.drift(), factor, 1, tiles);
    for (int bits : new int[] {3, 4, 8}) {
      WeightScheme scheme = WeightScheme.of(bits, 0, Grid.GPTQ_ASYMMETRIC);
      Recipe recipe = Recipe.of(scheme, new Gptaq(Gptq.DEFAULT, 1));
      double without =
          drifted.outputError(
              weight, corrected(weight, columns, recipe, factor, Optional.empty()).linear());
      double exact =
          drifted.outputError(
              weight, corrected(weight, columns, recipe, factor, Optional.of(correction)).linear());
      double asReference =
          drifted.outputError(
              weight,
              corrected(weight, columns, recipe.withQuirks(true), factor, Optional.of(correction))
                  .linear());

      assertThat(exact).as("%d bits", bits).isLessThan(without);
      assertThat(exact).as("%d bits", bits).isLessThan(asReference);
    }
  }

  @Test
  void correctionDoesNotDependOnTheNumberOfThreads() {
    int columns = 300;
    Drifted drifted = Drifted.of(columns, 500, 15);
    float[] weight = normal(70 * columns, 16);
    Recipe recipe = Recipe.of(WeightScheme.of(3, 0, Grid.QUAROT_ASYMMETRIC), Gptaq.DEFAULT);
    Rounded first = null;
    for (int threads : new int[] {1, 2, 5}) {
      try (Tiles own = new Tiles(threads)) {
        InverseFactor factor =
            InverseFactor.of(drifted.hessian(), columns, 0.01, true, "layer", own).orElseThrow();
        DriftCorrection correction = DriftCorrection.of(drifted.drift(), factor, 0.25, own);
        Rounded rounded =
            ColumnSweep.round(
                weight, 70, columns, recipe, Optional.of(factor), Optional.of(correction), own);
        first = first == null ? rounded : first;
        assertThat(rounded).isEqualTo(first);
      }
    }
  }

  private Rounded corrected(
      float[] weight,
      int columns,
      Recipe recipe,
      InverseFactor factor,
      Optional<DriftCorrection> correction) {
    return ColumnSweep.round(
        weight, weight.length / columns, columns, recipe, Optional.of(factor), correction, tiles);
  }

  private GridLinear round(
      float[] weight, int rows, int columns, Recipe recipe, Optional<InverseFactor> factor) {
    return ColumnSweep.round(weight, rows, columns, recipe, factor, tiles).linear();
  }

  static float[] normal(int count, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** Gram matrix of correlated inputs. */
  static double[] hessian(int columns, int tokens, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] hessian = new double[columns * columns];
    double[] x = new double[columns];
    for (int token = 0; token < tokens; token++) {
      double common = random.nextGaussian();
      for (int k = 0; k < columns; k++) {
        x[k] = (common + random.nextGaussian()) * (1 + k % 5);
      }
      for (int i = 0; i < columns; i++) {
        for (int j = 0; j < columns; j++) {
          hessian[i * columns + j] += x[i] * x[j];
        }
      }
    }
    return hessian;
  }

  private static double outputError(float[] weight, GridLinear linear, double[] hessian) {
    int columns = linear.inputFeatures();
    float[] quantized = linear.dequantize();
    double error = 0;
    for (int row = 0; row < linear.outputFeatures(); row++) {
      for (int i = 0; i < columns; i++) {
        double product = 0;
        for (int j = 0; j < columns; j++) {
          int at = row * columns + j;
          product += hessian[i * columns + j] * (weight[at] - quantized[at]);
        }
        error += product * (weight[row * columns + i] - quantized[row * columns + i]);
      }
    }
    return error;
  }
}
