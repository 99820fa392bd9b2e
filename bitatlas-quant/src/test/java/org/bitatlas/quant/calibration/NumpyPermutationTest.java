package org.bitatlas.quant.calibration;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

/**
 * Values of numpy 2.4.6: {@code numpy.random.default_rng(seed).permutation(count).tolist()};
 * 214,670 is the number of samples of the Pile's validation set.
 */
class NumpyPermutationTest {

  @Test
  void ordersAsNumpy() {
    assertThat(NumpyPermutation.of(20, 0))
        .containsExactly(4, 19, 6, 2, 13, 16, 3, 11, 10, 8, 0, 12, 7, 5, 18, 17, 14, 9, 1, 15);
    assertThat(NumpyPermutation.of(20, 42))
        .containsExactly(15, 9, 14, 7, 12, 10, 6, 19, 3, 0, 16, 5, 11, 18, 2, 4, 17, 1, 13, 8);
    assertThat(NumpyPermutation.of(20, (1L << 40) + 7))
        .containsExactly(12, 18, 16, 6, 3, 17, 19, 2, 14, 1, 7, 13, 8, 5, 11, 15, 4, 9, 0, 10);
    assertThat(NumpyPermutation.of(0, 1)).isEmpty();
  }

  @Test
  void ordersALargeSetAsNumpy() {
    int[] order = NumpyPermutation.of(214_670, 42);
    assertThat(Arrays.copyOf(order, 8))
        .containsExactly(148233, 143250, 54461, 160944, 92300, 213774, 21150, 120635);
    assertThat(order).endsWith(153185, 131009, 129997, 75400);
    assertThat(Arrays.stream(order).distinct().count()).isEqualTo(214_670);
  }
}
