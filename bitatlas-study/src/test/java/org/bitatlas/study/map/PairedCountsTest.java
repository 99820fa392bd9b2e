package org.bitatlas.study.map;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PairedCountsTest {
  /** Values of the exact McNemar test from the evaluation notes. */
  @ParameterizedTest
  @CsvSource({"0,5,0.0625", "0,6,0.03125", "2,8,0.109375", "3,10,0.0923", "0,0,1", "4,4,1"})
  void exactTest(int broken, int repaired, double expected) {
    assertThat(new PairedCounts(100, broken, repaired).pValue()).isCloseTo(expected, within(5e-5));
    assertThat(new PairedCounts(100, repaired, broken).pValue()).isCloseTo(expected, within(5e-5));
  }

  @ParameterizedTest
  @CsvSource({
    "1000,0,0,NON_INFERIOR",
    "1000,100,10,WORSE",
    "50,1,0,INCONCLUSIVE",
    "1000,3,1,NON_INFERIOR",
    "100,5,3,INCONCLUSIVE"
  })
  void verdictForTwoPoints(int items, int broken, int repaired, Verdict expected) {
    assertThat(new PairedCounts(items, broken, repaired).verdict(0.02)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({"300,10,4", "40,0,0", "2400,157,0"})
  void theIntervalHoldsTheDifference(int items, int broken, int repaired) {
    PairedCounts counts = new PairedCounts(items, broken, repaired);
    assertThat(counts.low()).isLessThan(counts.delta());
    assertThat(counts.high()).isGreaterThan(counts.delta());
  }
}
