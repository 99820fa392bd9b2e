package org.bitatlas.quant.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Optional;
import org.bitatlas.model.Architecture.Projection;
import org.bitatlas.quant.method.Recipe;
import org.bitatlas.quant.rounding.Tiles;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LinearRounderTest {

  /** Its least damping that is positive definite is 1.5 % of the mean diagonal. */
  private static final double[] INDEFINITE = {1, 1.015, 1.015, 1};

  private static final double[] DEFINITE = {1, 0.5, 0.5, 1};

  private static LinearRounder.Result round(
      String method, boolean quirks, double[] hessian, Projection projection) {
    try (Tiles tiles = new Tiles(1)) {
      Recipe recipe =
          Recipe.parse(Map.of("method", method, "bits", 4, "quirks", Boolean.toString(quirks)));
      return new LinearRounder(
              recipe,
              Optional.of(hessian),
              Optional.of(new double[4]),
              2,
              Optional.empty(),
              tiles,
              new StageClock())
          .round(new float[] {1, -2, 3, 0.5f}, 2, Optional.empty(), projection, 0);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gptq", "gptaq"})
  void aRaisedDampingIsReportedHoweverLittle(String method) {
    LinearRounder.Result result = round(method, false, INDEFINITE, Projection.QUERY);

    assertThat(result.damping()).contains(0.02);
    assertThat(result.fallback().orElse("")).contains("damping raised from 0.01 to 0.02");
  }

  @ParameterizedTest
  @ValueSource(strings = {"gptq", "gptaq"})
  void theDampingAskedForIsUsedAsItIs(String method) {
    LinearRounder.Result result = round(method, false, DEFINITE, Projection.QUERY);

    assertThat(result.damping()).contains(0.01);
    assertThat(result.fallback()).isEmpty();
  }

  @Test
  void theReferencesCumulativeDampingIsNoFallback() {
    LinearRounder.Result result = round("gptaq", true, DEFINITE, Projection.QUERY);

    assertThat(result.damping().orElse(0.0)).isBetween(0.0303, 0.0304);
    assertThat(result.fallback()).isEmpty();
  }
}
