package org.bitatlas.study.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SpreadTest {

  @Test
  void medianAndQuartilesWhateverTheOrder() {
    assertThat(Spread.of(5, 1, 4, 2, 3)).isEqualTo(new Spread(3, 2, 4, 5));
    assertThat(Spread.of(4, 1, 3, 2)).isEqualTo(new Spread(2.5, 1.75, 3.25, 4));
    assertThat(Spread.of(7)).isEqualTo(new Spread(7, 7, 7, 1));
  }

  @Test
  void nothingMeasuredIsNotANumber() {
    assertThat(Spread.of()).isEqualTo(Spread.NONE);
    assertThat(Spread.NONE.exists()).isFalse();
    assertThat(Spread.NONE.median()).isNaN();
  }

  @Test
  void theValuesAreLeftAlone() {
    double[] values = {2, 1};
    assertThat(Spread.of(values).median()).isEqualTo(1.5);
    assertThat(values).containsExactly(2, 1);
  }
}
