package org.bitatlas.quant.rounding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Optional;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class InverseFactorTest {

  private final Tiles tiles = new Tiles(2);

  @AfterEach
  void stop() {
    tiles.close();
  }

  @Test
  void theInverseOfTheHessianIsUTransposedTimesU() {
    checkFactor(1);
    checkFactor(203);
    checkFactor(Cholesky.BLOCK);
    checkFactor(2 * Cholesky.BLOCK + 9);
  }

  private void checkFactor(int size) {
    double[] hessian = ColumnSweepTest.hessian(size, 3 * size, 1);
    InverseFactor factor =
        InverseFactor.of(hessian, size, 0.01, true, "layer", tiles).orElseThrow();
    double mean = 0;
    for (int k = 0; k < size; k++) {
      mean += hessian[k * (size + 1)] / size;
    }
    // U H' U^T = I for the damped H' in sweep order
    for (int i = 0; i < size; i += 1 + size / 15) {
      for (int j = 0; j < size; j += 1 + size / 29) {
        double product = 0;
        for (int a = i; a < size; a++) {
          for (int b = j; b < size; b++) {
            int source = factor.order()[a] * size + factor.order()[b];
            double damped = hessian[source] + (a == b ? 0.01 * mean : 0);
            product += factor.upper()[i * size + a] * damped * factor.upper()[j * size + b];
          }
        }
        assertThat(product).as("%d %d", i, j).isCloseTo(i == j ? 1 : 0, within(1e-4));
      }
    }
    for (int i = 1; i < size; i++) {
      assertThat(factor.upper()[i * size + i - 1]).isZero();
    }
  }

  @Test
  void theNumberOfThreadsDoesNotChangeABit() {
    int size = 3 * Cholesky.BLOCK + 17;
    double[] hessian = ColumnSweepTest.hessian(size, size, 3);
    float[] two =
        InverseFactor.of(hessian, size, 0.01, false, "layer", tiles).orElseThrow().upper();
    try (Tiles one = new Tiles(1)) {
      assertThat(InverseFactor.of(hessian, size, 0.01, false, "layer", one).orElseThrow().upper())
          .isEqualTo(two);
    }
  }

  @Test
  void equalDiagonalsKeepTheirOrder() {
    double[] hessian = {1, 0, 0, 0, 2, 0, 0, 0, 1};

    assertThat(InverseFactor.of(hessian, 3, 0.01, true, "layer", tiles).orElseThrow().order())
        .containsExactly(1, 0, 2);
  }

  @Test
  void aSingularHessianIsDamped() {
    double[] hessian = ColumnSweepTest.hessian(50, 10, 2);

    assertThat(InverseFactor.of(hessian, 50, 0.01, false, "layer", tiles).orElseThrow().damping())
        .isEqualTo(0.01);
  }

  @Test
  void dampingIsRaisedUntilTheHessianIsPositiveDefinite() {
    double[] hessian = {1, 1.05, 1.05, 1};

    assertThat(InverseFactor.of(hessian, 2, 0.01, false, "layer", tiles).orElseThrow().damping())
        .isEqualTo(0.08);
    assertThat(InverseFactor.of(hessian, 2, 0, false, "layer", tiles).orElseThrow().damping())
        .isEqualTo(0.08);
  }

  @Test
  void anIndefiniteHessianHasNoFactor() {
    double[] hessian = {1, 5, 5, 1};

    assertThat(InverseFactor.of(hessian, 2, 0.01, false, "layer", tiles))
        .isEqualTo(Optional.empty());
  }

  @Test
  void aHessianThatIsNotFiniteIsRefusedByName() {
    for (double value : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
      double[] hessian = {1, 0, value, 1};
      assertThatThrownBy(() -> InverseFactor.of(hessian, 2, 0.01, false, "layers.3.down", tiles))
          .isInstanceOf(BitAtlasException.class)
          .hasMessageContaining("layers.3.down");
    }
  }
}
