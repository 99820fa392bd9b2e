package org.bitatlas.kernel.ascend;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class KroneckerQuantizationTest {

  @Test
  void takesTheWidthsOfOpenPanguAndOfMostQwenModels() {
    for (int features : new int[] {1536, 6144, 4096, 12800, 8960, 3584, 5120, 13824, 27648}) {
      assertThat(KroneckerQuantization.objection(features)).as("%d", features).isEmpty();
    }
  }

  @Test
  void refusesFactorsThatDoNotPackOrAreTooLarge() {
    // The input of down_proj in Qwen2.5-7B.
    assertThat(KroneckerQuantization.objection(18_944).orElseThrow()).contains("128 and 148");
    assertThat(KroneckerQuantization.objection(131_072).orElseThrow()).contains("256 and 512");
    assertThat(KroneckerQuantization.objection(4098).orElseThrow()).contains("two odd numbers");
  }
}
