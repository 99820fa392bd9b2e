package org.bitatlas.quant.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.scheme.FloatLinear;
import org.bitatlas.scheme.GridLinear;
import org.bitatlas.scheme.MixedGroupLinear;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.api.Test;

class LayerReportTest {

  /** Two rows, two groups of two columns, 2 bits, scale 1, zero point 1: the grid is -1 .. 2. */
  private static final GridLinear GRID =
      GridLinear.of(
          2,
          4,
          2,
          2,
          false,
          new byte[] {0, 2, 3, 1, 1, 2, 1, 1},
          new float[] {1, 1, 1, 1},
          new byte[] {1, 1, 1, 1},
          Optional.empty());

  /** Ranges -2 .. 1 (1 of 3 cut), 0 .. 4 (2 of 4 cut), 0 .. 1 and 0 .. 0 (none). */
  private static final float[] WEIGHT = {-2, 1, 4, 0, 0, 1, 0, 0};

  @Test
  void clippingCountsCodesAtTheEndsAndTheRangeBeyondThem() {
    Clipping clipping = Clipping.of(WEIGHT, GRID);
    assertThat(clipping.atEnds()).isEqualTo(2 / 8.0);
    assertThat(clipping.rangeCut()).isCloseTo((1 / 3.0 + 2 / 4.0) / 4, within(1e-12));
    assertThat(Clipping.of(WEIGHT, new FloatLinear(2, 4, WEIGHT))).isEqualTo(Clipping.NONE);
  }

  /** The first group has 1 bit and is left out; the second, of 3 bits, spans -0.5 .. 3. */
  @Test
  void groupsOfOneBitHaveNoEnds() {
    MixedGroupLinear mixed =
        MixedGroupLinear.of(
            1,
            4,
            2,
            new int[] {1, 3},
            new byte[] {0, 1, 7, 3},
            new float[] {1, 0.5f},
            new float[] {0, 1});
    Clipping clipping = Clipping.of(new float[] {-9, 9, 4, 0}, mixed);
    assertThat(clipping.atEnds()).isEqualTo(0.5);
    assertThat(clipping.rangeCut()).isCloseTo(0.25, within(1e-12));
  }

  /** Importances 1 * (1 + 1), 4 * (4 + 0), 9 * (0 + 0): the top column holds 16 of 18. */
  @Test
  void salienceIsTheShareOfTheTopColumns() {
    assertThat(Salience.topShare(new float[] {1, 2, 0, 1, 0, 0}, new double[] {1, 4, 9}))
        .isEqualTo(16 / 18.0);
    assertThat(Salience.topShare(new float[] {1, 1}, new double[] {0, 0})).isZero();
    float[] even = new float[200];
    double[] diagonal = new double[200];
    Arrays.fill(even, 1);
    Arrays.fill(diagonal, 1);
    assertThat(Salience.topShare(even, diagonal)).isCloseTo(0.01, within(1e-12));
  }

  @Test
  void aReportComesBackFromItsJson() {
    InputStatistics inputs;
    try (TensorScope _ = TensorScope.open()) {
      inputs = InputStatistics.of(Tensor.from(new float[] {1, -2, 0, 3, 4, 0, 1, 1}, 2, 4));
    }
    LayerReport report =
        LayerReport.of(
            new LayerError(3, Projection.DOWN, 0.125, 0.25),
            WEIGHT,
            GRID,
            Optional.of(inputs),
            Optional.of(new double[] {1, 1, 1, 1}),
            Optional.of(0.02),
            Optional.of("rounded to nearest: the Hessian is not positive definite"));

    assertThat(report.module()).isEqualTo("model.layers.3.mlp.down_proj");
    assertThat(report.groupBits()).isEqualTo(Map.of(2, 2));
    assertThat(report.salience()).contains(16 / 22.0);
    // 2 bits; 4 scales of 32 and 4 zero points of 8 bits for 8 weights.
    assertThat(report.storedBits()).isEqualTo(2 + (4 * 32 + 4 * 8) / 8.0);
    assertThat(LayerReport.fromJson(report.toJson())).isEqualTo(report);
    assertThat(report.toJson().lines()).hasSize(1);
    assertThat(report.error()).isEqualTo(new LayerError(3, Projection.DOWN, 0.125, 0.25));
  }

  @Test
  void aReportWithoutCalibrationIsShorter() {
    LayerReport report =
        LayerReport.of(
            new LayerError(0, Projection.QUERY, Double.NaN, 0.1),
            WEIGHT,
            GRID,
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty());
    assertThat(report.outputError()).isEmpty();
    assertThat(report.error().outputError()).isNaN();
    assertThat(LayerReport.fromJson(report.toJson())).isEqualTo(report);
    assertThatThrownBy(() -> LayerReport.fromJson("{\"layer\": \"x\"}"))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("A layer report is not valid");
  }
}
