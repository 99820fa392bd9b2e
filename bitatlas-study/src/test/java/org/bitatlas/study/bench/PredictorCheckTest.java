package org.bitatlas.study.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PredictorCheckTest {

  @ParameterizedTest
  @ValueSource(doubles = {1, 0.5, 0.01})
  void theErrorOfAProportionalPredictionIsItsFactorAlone(double reached) {
    double[] predicted = {100, 200, 400};
    double[] measured = {100 * reached, 200 * reached, 400 * reached};
    PredictorCheck.Error error = PredictorCheck.error(measured, predicted);

    assertThat(error.reached()).isCloseTo(reached, within(1e-12));
    assertThat(error.ordering()).isCloseTo(0, within(1e-12));
    assertThat(PredictorCheck.error(new double[] {1, 1}, new double[] {1, 2}).ordering())
        .isEqualTo(1);
  }
}
