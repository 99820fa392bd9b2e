package org.bitatlas.quant.rounding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ErrorPowerTest {

  @Test
  void isTheGeneralPowerToTenDigits() {
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 200_000; i++) {
      float x = Float.intBitsToFloat(random.nextInt());
      if (!Float.isFinite(x) || Math.abs(x) < Float.MIN_NORMAL) {
        continue;
      }
      double expected = Math.pow(Math.abs((double) x), 2.4);
      assertThat(ErrorPower.of(x)).as("%s", x).isCloseTo(expected, within(1e-10 * expected));
    }
  }

  @Test
  void zeroHasNoErrorAndWhatIsNotFiniteHasNoLimit() {
    assertThat(ErrorPower.of(0f)).isZero();
    assertThat(ErrorPower.of(-0f)).isZero();
    assertThat(ErrorPower.of(Float.MIN_VALUE)).isZero();
    assertThat(ErrorPower.of(Float.NEGATIVE_INFINITY)).isInfinite();
    assertThat(ErrorPower.of(Float.NaN)).isInfinite();
  }
}
