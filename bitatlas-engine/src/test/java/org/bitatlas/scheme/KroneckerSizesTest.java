package org.bitatlas.scheme;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KroneckerSizesTest {

  /**
   * Widths of Llama-2, Llama-3, Qwen2.5 and openPangu-Embedded models; 1 and a prime are the
   * corners.
   */
  @ParameterizedTest
  @CsvSource({
    "4096,64,64",
    "11008,86,128",
    "14336,112,128",
    "3584,56,64",
    "18944,128,148",
    "1536,32,48",
    "8960,80,112",
    "896,28,32",
    "4864,64,76",
    "172,2,86",
    "12,2,6",
    "6144,64,96",
    "12800,100,128",
    "5120,64,80",
    "13824,108,128",
    "27648,144,192",
    "9,3,3",
    "13,1,13",
    "1,1,1"
  })
  void factorsAreTheReferences(int width, int left, int right) {
    assertThat(KroneckerSizes.of(width)).contains(new KroneckerSizes(left, right));
  }

  @Test
  void theyAreTheFirstWhoseDistanceToTheWidthIsASquare() {
    for (int width = 1; width < 3000; width++) {
      if (width % 4 != 2) {
        int a = (int) Math.ceil(Math.sqrt(width));
        int b = (int) Math.sqrt(a * a - width);
        while (b * b != a * a - width) {
          a++;
          b = (int) Math.sqrt(a * a - width);
        }
        assertThat(KroneckerSizes.of(width)).contains(new KroneckerSizes(a - b, a + b));
      }
    }
  }

  @Test
  void anEvenTimesAnOddNumberHasNone() {
    assertThat(KroneckerSizes.of(4098)).isEmpty();
    assertThat(KroneckerSizes.of(2)).isEmpty();
  }
}
