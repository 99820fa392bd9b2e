package org.bitatlas.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class AmountsTest {

  @Test
  void sizesHaveThreeDigits() {
    assertThat(Amounts.bytes(999)).isEqualTo("999 B");
    assertThat(Amounts.bytes(10_485_760)).isEqualTo("10.0 MiB");
    assertThat(Amounts.bytes(1536)).isEqualTo("1.50 KiB");
    assertThat(Amounts.bytes(300L << 30)).isEqualTo("300 GiB");
  }

  @Test
  void countsAreNamed() {
    assertThat(Amounts.count(5_250_816)).isEqualTo("5.25 million");
    assertThat(Amounts.count(7_000_000_000L)).isEqualTo("7.00 billion");
    assertThat(Amounts.count(12)).isEqualTo("12");
  }

  @Test
  void timesHaveTwoUnits() {
    assertThat(Amounts.time(Duration.ofMillis(800))).isEqualTo("1 s");
    assertThat(Amounts.time(Duration.ofSeconds(125))).isEqualTo("2 min 05 s");
    assertThat(Amounts.time(Duration.ofMinutes(61))).isEqualTo("1 h 01 min");
  }
}
