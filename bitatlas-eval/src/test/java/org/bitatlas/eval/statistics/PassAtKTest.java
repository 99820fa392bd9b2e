package org.bitatlas.eval.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PassAtKTest {

  @ParameterizedTest
  @CsvSource({
    "5, 2, 1, 0.4",
    "5, 2, 3, 0.9",
    "10, 3, 5, 0.9166666666666667",
    "200, 37, 10, 0.8773745673794602",
    "5, 0, 1, 0",
    "5, 5, 1, 1",
    "1, 1, 1, 1",
  })
  void equalsPublishedEstimator(int samples, int correct, int k, double expected) {
    assertThat(PassAtK.of(samples, correct, k)).isCloseTo(expected, within(1e-14));
  }

  @Test
  void moreTriesThanSamplesAreRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> PassAtK.of(4, 1, 5));
  }
}
