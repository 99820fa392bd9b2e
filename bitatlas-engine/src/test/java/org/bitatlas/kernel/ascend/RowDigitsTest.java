package org.bitatlas.kernel.ascend;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class RowDigitsTest {

  @Test
  void twoDigitsGiveTheRowBackWithinTheTolerance() {
    Random random = new Random(7);
    double worst = 0;
    for (int trial = 0; trial < 200; trial++) {
      float[] row = new float[96];
      float maximum = 0;
      for (int k = 0; k < row.length; k++) {
        row[k] = HalfFormat.BF16.round((float) random.nextGaussian() * (1 << trial % 20));
        maximum = Math.max(maximum, Math.abs(row[k]));
      }
      float[] digits = row.clone();
      RowDigits.round(digits, 0, digits.length);
      for (int k = 0; k < row.length; k++) {
        worst = Math.max(worst, Math.abs(digits[k] - row[k]) / (double) maximum);
      }
    }
    assertThat(worst).isLessThan(RowDigits.TOLERANCE).isGreaterThan(RowDigits.TOLERANCE / 4);
  }

  @Test
  void aRowOfZerosStaysSo() {
    float[] row = new float[4];
    RowDigits.round(row, 0, 4);
    assertThat(row).containsOnly(0f);
  }

  @Test
  void tiesGoAwayFromZero() {
    assertThat(RowDigits.away(2.5f)).isEqualTo(3);
    assertThat(RowDigits.away(-2.5f)).isEqualTo(-3);
    assertThat(RowDigits.away(0.49999997f)).isEqualTo(0);
  }

  @Test
  void fewRowsOfAlignedLayersGoThisWay() {
    assertThat(RowDigits.perChannel(64, 1536, 1536)).isTrue();
    assertThat(RowDigits.perChannel(65, 1536, 1536)).isFalse();
    assertThat(RowDigits.perChannel(1, 1536, 1540)).isFalse();
    assertThat(RowDigits.perGroup(16, 8960, 4, 128)).isTrue();
    assertThat(RowDigits.perGroup(17, 8960, 4, 128)).isFalse();
    assertThat(RowDigits.perGroup(8, 8960, 8, 128)).isFalse();
    assertThat(RowDigits.perGroup(1, 18944, 4, 128)).isFalse();
  }
}
